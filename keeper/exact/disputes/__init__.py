"""Disputes: evidence uploaded, proofs made, receipts judged again, histories audited."""

from keeper.exact.disputes.buffer import (
    FIRST_BYTES,
    TAIL_BYTES,
    WRITE_BYTES,
    EvidenceBuffer,
)
from keeper.exact.disputes.challenge import JUDGEMENT_UNITS, Challenge

__all__ = [
    "FIRST_BYTES",
    "JUDGEMENT_UNITS",
    "TAIL_BYTES",
    "WRITE_BYTES",
    "Challenge",
    "EvidenceBuffer",
]

"""Disputes: evidence staged, proofs made, receipts judged again."""

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

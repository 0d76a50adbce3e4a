"""Disputes: evidence staged, proofs made, receipts judged again."""

from keeper.disputes.buffer import (
    FIRST_BYTES,
    HEADER_BYTES,
    TAIL_BYTES,
    WRITE_BYTES,
    EvidenceBuffer,
)
from keeper.disputes.challenge import PROOF_UNITS, TICKET_AGE, Challenge

__all__ = [
    "FIRST_BYTES",
    "HEADER_BYTES",
    "PROOF_UNITS",
    "TAIL_BYTES",
    "TICKET_AGE",
    "WRITE_BYTES",
    "Challenge",
    "EvidenceBuffer",
]

"""Checks a committed trace for a small fraction of the work that made it."""

from keeper.verification.ballot import Ballot, Choice, ballot_commitment
from keeper.verification.cost import CheckCost
from keeper.verification.trace import (
    Accept,
    CommittedStage,
    Reject,
    TraceVerdict,
    Unavailable,
    verify_trace,
)

__all__ = [
    "Accept",
    "Ballot",
    "CheckCost",
    "Choice",
    "CommittedStage",
    "Reject",
    "TraceVerdict",
    "Unavailable",
    "ballot_commitment",
    "verify_trace",
]

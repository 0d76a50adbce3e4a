"""Checks a committed trace for a small fraction of the work that made it."""

from keeper.exact.verification.ballot import Ballot, ballot_commitment
from keeper.exact.verification.cost import CheckCost
from keeper.exact.verification.linear import is_worth_advice
from keeper.exact.verification.trace import (
    Accept,
    Advice,
    CommittedStage,
    Reject,
    TraceVerdict,
    Unavailable,
    verify_trace,
)

__all__ = [
    "Accept",
    "Advice",
    "Ballot",
    "CheckCost",
    "CommittedStage",
    "Reject",
    "TraceVerdict",
    "Unavailable",
    "ballot_commitment",
    "is_worth_advice",
    "verify_trace",
]

"""The chain's codes for jobs, verdicts and ballots."""

from idl.client.bindings.job_registry import JobState
from idl.client.bindings.verdict import BallotState, Choice, Outcome
from idl.client.bindings.verdict import State as VerdictState

__all__ = ["BallotState", "Choice", "JobState", "Outcome", "VerdictState"]

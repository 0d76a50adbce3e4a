"""The chain's codes for jobs, verdicts and ballots."""

from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import BallotState, Choice, Outcome
from neurolov_client.bindings.verdict import State as VerdictState

__all__ = ["BallotState", "Choice", "JobState", "Outcome", "VerdictState"]

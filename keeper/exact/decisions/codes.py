"""The chain's codes for jobs, verdicts and ballots."""

from enum import IntEnum


class JobState(IntEnum):
    """Job.state of the registry. Every state from SETTLED on is final."""

    POSTED = 0
    CLAIMED = 1
    COMMITTED = 2
    SETTLED = 3
    CANCELLED = 4
    EXPIRED = 5
    VOIDED = 6


class VerdictState(IntEnum):
    """Verdict.state: DISPUTED waits for a proof, ANSWERING for a provider to show its data."""

    COMMITTING = 0
    COMMITTED = 1
    BALLOTING = 2
    DISPUTED = 3
    DECIDED = 4
    SETTLED = 5
    ANSWERING = 6


class Outcome(IntEnum):
    """Verdict.outcome."""

    NONE = 0
    ACCEPTED = 1
    UNAVAILABLE = 3
    UNVERIFIED = 4
    UNSAMPLED = 5
    FRAUD = 6
    UNPROVEN = 7
    TRAP = 8
    WITHHELD = 9


class BallotState(IntEnum):
    """State of one drawn ballot."""

    DRAWN = 0
    CAST = 1
    REVEALED = 2
    RELEASED = 3


class Choice(IntEnum):
    """What a verifier found."""

    ACCEPT = 1
    REJECT = 2
    UNAVAILABLE = 3

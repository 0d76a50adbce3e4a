"""By when a job's present state ends."""

from keeper.exact.decisions.codes import JobState, VerdictState
from keeper.exact.decisions.state import Job, Verdict
from neurolov_client.bindings.verdict import DRAW_DELAY


def state_ends(job: Job, verdict: Verdict | None) -> int | None:
    """Returns the slot by which the job's present state ends, None where no time is set.

    A crank or a party takes the next step then; a state may also end earlier.
    """
    match job.state:
        case JobState.POSTED:
            return job.claim_deadline
        case JobState.CLAIMED if job.lease is not None:
            return job.lease.expires_slot
        case JobState.COMMITTED if verdict is not None:
            return _judging_ends(verdict)
        case _:
            return None


def _judging_ends(verdict: Verdict) -> int | None:
    match verdict.state:
        case VerdictState.COMMITTED:
            return verdict.committed_slot + DRAW_DELAY
        case VerdictState.BALLOTING:
            return verdict.reveal_deadline
        case VerdictState.DISPUTED | VerdictState.DECIDED:
            return verdict.window_end
        case VerdictState.ANSWERING if verdict.availability is not None:
            return verdict.availability.deadline
        case _:
            return None

"""What a provider and a verifier have begun, and wait for before they leave."""

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import BallotState, VerdictState
from keeper.exact.decisions.provider import holds, may_be_asked
from keeper.exact.decisions.state import DrawnBallot, JobSnapshot, Verdict
from keeper.exact.decisions.verifier import VerifierSnapshot, drawn, revealable, silence_fee
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.held import Held

_BOND = "the bond of its lease, which is lost when the lease expires"
_EXPOSURE = "exposed to it, which is lost if its data are demanded and not shown"
_SILENCE = "the fee for silence about its ballot"
_BOUNTY = "the price of the job, which stands for the bounty of a proof"
_LEFT = {
    VerdictState.COMMITTING: "wait for the provider that goes on with it",
    VerdictState.COMMITTED: "wait for the draw of its verifiers",
    VerdictState.BALLOTING: "wait for the ballots on it",
    VerdictState.ANSWERING: "show the data that are asked for",
    VerdictState.DISPUTED: "wait for a proof of fraud, or the end of the time for one",
    VerdictState.DECIDED: "wait for the end of the time in which it can be challenged",
    VerdictState.SETTLED: "wait for its end",
}


def held_by_provider(
    owner: Pubkey, jobs: tuple[JobSnapshot, ...], clock: Clock
) -> tuple[Held, ...]:
    """Returns what a provider waits for: its leases, and what it committed until that has ended.

    The stake that a committed job exposes can be taken until the job has ended, because its data
    may be demanded. A provider that is not there cannot show them.
    """
    found: list[Held] = []
    for each in jobs:
        exposure = each.exposure_of(owner)
        if holds(owner, each, clock):
            expires = each.job.lease.expires_slot if each.job.lease is not None else None
            left = "run it and commit the result"
            found.append(Held(each.address, left, expires, exposure.bond, _BOND))
        elif may_be_asked(owner, each) and each.verdict is not None:
            left, until = _LEFT[each.verdict.state], _end_of(each.verdict)
            found.append(Held(each.address, left, until, exposure.total, _EXPOSURE))
        elif each.job.ended and owner in each.exposed:
            found.append(Held(each.address, "take back the stake that it exposed", None))
    return tuple(found)


def held_by_verifier(snapshot: VerifierSnapshot, clock: Clock) -> tuple[Held, ...]:
    """Returns what a verifier waits for: ballots to cast or reveal, and frauds to prove.

    A ballot that it has revealed waits for no step of its own.
    """
    found = [
        Held(
            job.address, f"check it and cast ballot {ballot.index}",
            judged.ballot_deadline, silence_fee(job), _SILENCE,
        )
        for job, judged, ballot in drawn(snapshot, clock)
    ]  # fmt: skip
    for job in snapshot.jobs:
        if job.verdict is not None:
            for ballot in job.verdict.ballots:
                found += _cast(snapshot, job, job.verdict, ballot, clock)
    return tuple(found)


def _cast(
    snapshot: VerifierSnapshot,
    job: JobSnapshot,
    judged: Verdict,
    ballot: DrawnBallot,
    clock: Clock,
) -> list[Held]:
    if revealable(snapshot, ballot, (job.address, ballot.index)):
        if judged.state is VerdictState.BALLOTING and clock.slot <= judged.reveal_deadline:
            left = f"reveal ballot {ballot.index}"
            until = judged.reveal_deadline
            return [Held(job.address, left, until, silence_fee(job), _SILENCE)]
        return []
    rejected = ballot.state is BallotState.REVEALED and ballot.rejected is not None
    if rejected and ballot.verifier == snapshot.owner and judged.is_challengeable(clock.slot):
        until = max(judged.window_end, judged.reveal_deadline)
        return [Held(job.address, "prove its fraud", until, job.job.price, _BOUNTY)]
    return []


def _end_of(judged: Verdict) -> int | None:
    """Returns the last slot of what a committed job waits for, None where none is set."""
    match judged.state:
        case VerdictState.BALLOTING:
            return judged.reveal_deadline
        case VerdictState.ANSWERING if judged.availability is not None:
            return judged.availability.deadline
        case VerdictState.DISPUTED | VerdictState.DECIDED:
            return judged.window_end
    return None

"""What a verifier does next: reveal first, then prove and cast, then check, then collect."""

from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.exact.decisions.actions import (
    CastBallot,
    Check,
    ProveFraud,
    ReleaseBallot,
    RevealBallot,
    Withdraw,
)
from keeper.exact.decisions.codes import BallotState, VerdictState
from keeper.exact.decisions.state import DrawnBallot, JobSnapshot, Verdict
from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.clock import Clock

BallotKey = tuple[Pubkey, int]
Step = tuple[tuple[int, int], Action]


@dataclass(frozen=True, slots=True)
class VerifierSnapshot:
    """What a verifier decides on; `ready` are its kept ballots, by job and index."""

    owner: Pubkey
    seat: int | None
    jobs: tuple[JobSnapshot, ...]
    free_stake: int
    ballot_stake: int
    ready: frozenset[BallotKey] = frozenset()


def next_action(snapshot: VerifierSnapshot, clock: Clock) -> Decision:
    """Returns the most urgent step that the chain accepts at `clock.slot`."""
    steps = [step for job in snapshot.jobs for step in _steps(snapshot, job, clock)]
    if steps:
        return min(steps, key=lambda step: step[0])[1]
    return Wait(_next_reveal(snapshot, clock))


def _steps(snapshot: VerifierSnapshot, job: JobSnapshot, clock: Clock) -> list[Step]:
    """Returns the possible steps with their urgency: the kind first, then the deadline."""
    verdict, address = job.verdict, job.job.address
    found: list[Step] = []
    if verdict is not None:
        if verdict.state is VerdictState.BALLOTING:
            found += _ballot_steps(snapshot, job, verdict, clock)
        elif verdict.state is VerdictState.SETTLED:
            found += [
                ((3, 0), ReleaseBallot(address, ballot.index))
                for ballot in verdict.ballots
                if ballot.verifier == snapshot.owner
                and ballot.state in (BallotState.CAST, BallotState.REVEALED)
                and not verdict.owes_slash(ballot)
            ]
        else:
            found += _proof_steps(snapshot, job, verdict, clock)
    if job.escrow is not None:
        for credit in job.escrow.unpaid_to(snapshot.owner):
            found.append(((3, 1), Withdraw(address, credit)))
    return found


def _proof_steps(
    snapshot: VerifierSnapshot, job: JobSnapshot, verdict: Verdict, clock: Clock
) -> list[Step]:
    """Returns proofs of what the verifier itself rejected, as long as a proof is judged.

    What the others found does not matter. No proof is sent while others may still reveal: it would
    end balloting, and whoever has not revealed by then is not paid.
    """
    if not verdict.is_challengeable(clock.slot):
        return []
    return [
        ((1, verdict.window_end), ProveFraud(job.job.address, *ballot.rejected))
        for ballot in verdict.ballots
        if ballot.verifier == snapshot.owner
        and ballot.state is BallotState.REVEALED
        and ballot.rejected is not None
    ]


def _ballot_steps(
    snapshot: VerifierSnapshot, job: JobSnapshot, verdict: Verdict, clock: Clock
) -> list[Step]:
    found: list[Step] = []
    parties = {job.job.buyer, *(stage.provider for stage in verdict.stages)}
    for ballot in verdict.latest_draw:
        key = job.job.address, ballot.index
        revealing = verdict.ballot_deadline < clock.slot <= verdict.reveal_deadline
        if revealing and _revealable(snapshot, ballot, key):
            found.append(((0, verdict.reveal_deadline), RevealBallot(*key)))
        elif (
            clock.slot <= verdict.ballot_deadline
            and snapshot.owner not in parties
            and _castable(snapshot, ballot)
        ):
            kept = key in snapshot.ready
            step = CastBallot(*key) if kept else Check(*key)
            found.append(((1 if kept else 2, verdict.ballot_deadline), step))
    return found


def _castable(snapshot: VerifierSnapshot, ballot: DrawnBallot) -> bool:
    return (
        ballot.state is BallotState.DRAWN
        and ballot.seat == snapshot.seat
        and snapshot.free_stake >= snapshot.ballot_stake
    )


def _revealable(snapshot: VerifierSnapshot, ballot: DrawnBallot, key: BallotKey) -> bool:
    return (
        ballot.state is BallotState.CAST
        and ballot.verifier == snapshot.owner
        and key in snapshot.ready
    )


def _next_reveal(snapshot: VerifierSnapshot, clock: Clock) -> int | None:
    openings = [
        job.verdict.ballot_deadline + 1
        for job in snapshot.jobs
        if job.verdict is not None
        and job.verdict.state is VerdictState.BALLOTING
        and job.verdict.ballot_deadline >= clock.slot
        and any(
            _revealable(snapshot, ballot, (job.job.address, ballot.index))
            for ballot in job.verdict.latest_draw
        )
    ]
    return min(openings, default=None)

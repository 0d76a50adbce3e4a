"""What a verifier does next: what it owes by its deadline, then collect.

Checking goes on beside that, as `next_work` decides.
"""

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
from keeper.node.decisions.urgency import Owed, most_urgent

BallotKey = tuple[Pubkey, int]


@dataclass(frozen=True, slots=True)
class VerifierSnapshot:
    """What a verifier decides on.

    `ready` are its kept ballots, by job and index, `running` the actions under way. `silence_fee`
    is what a ballot costs that is not cast or not revealed, in base units.
    """

    owner: Pubkey
    seat: int | None
    jobs: tuple[JobSnapshot, ...]
    free_stake: int
    ballot_stake: int
    silence_fee: int = 0
    ready: frozenset[BallotKey] = frozenset()
    running: frozenset[Action] = frozenset()


def next_work(snapshot: VerifierSnapshot, clock: Clock) -> Action | None:
    """Returns the check to start beside the loop, None where there is none or one is under way.

    The ballot whose casting ends first is checked first.
    """
    if snapshot.running:
        return None
    checks = [
        Owed(Check(*key), deadline, snapshot.silence_fee)
        for key, deadline in _castable(snapshot, clock)
        if key not in snapshot.ready
    ]
    return most_urgent(checks, clock.slot)


def next_action(snapshot: VerifierSnapshot, clock: Clock) -> Decision:
    """Returns the most urgent step that the chain accepts at `clock.slot`.

    What is owed comes first, as `keeper.node.decisions.urgency` orders it: reveals, casts and
    proofs. It does not depend on the work under way.
    """
    owed = [
        Owed(CastBallot(*key), deadline, snapshot.silence_fee)
        for key, deadline in _castable(snapshot, clock)
        if key in snapshot.ready
    ]
    for job in snapshot.jobs:
        owed += _reveals(snapshot, job, clock)
        owed += _proofs(snapshot, job, clock)
    if (step := most_urgent(owed, clock.slot)) is not None:
        return step
    collecting = [step for job in snapshot.jobs for step in _collect(snapshot.owner, job)]
    if collecting:
        return min(collecting, key=lambda step: isinstance(step, Withdraw))
    return Wait(_next_reveal(snapshot, clock))


def _collect(owner: Pubkey, job: JobSnapshot) -> list[Action]:
    verdict, address = job.verdict, job.job.address
    found: list[Action] = []
    if verdict is not None and verdict.state is VerdictState.SETTLED:
        found += [
            ReleaseBallot(address, ballot.index)
            for ballot in verdict.ballots
            if ballot.verifier == owner
            and ballot.state in (BallotState.CAST, BallotState.REVEALED)
            and not verdict.owes_slash(ballot)
        ]
    if job.escrow is not None:
        found += [Withdraw(address, credit) for credit in job.escrow.unpaid_to(owner)]
    return found


def _castable(snapshot: VerifierSnapshot, clock: Clock) -> list[tuple[BallotKey, int]]:
    """Returns the ballots that may be cast, with the last slot for it."""
    return [
        ((job.address, ballot.index), job.verdict.ballot_deadline)
        for job in snapshot.jobs
        if job.verdict is not None
        and job.verdict.state is VerdictState.BALLOTING
        and clock.slot <= job.verdict.ballot_deadline
        and snapshot.owner not in _parties(job, job.verdict)
        for ballot in job.verdict.latest_draw
        if ballot.state is BallotState.DRAWN
        and ballot.seat == snapshot.seat
        and snapshot.free_stake >= snapshot.ballot_stake
    ]


def _parties(job: JobSnapshot, verdict: Verdict) -> set[Pubkey]:
    return {job.job.buyer, *(stage.provider for stage in verdict.stages)}


def _proofs(snapshot: VerifierSnapshot, job: JobSnapshot, clock: Clock) -> list[Owed]:
    """Returns proofs of what the verifier itself rejected, as long as a proof is judged.

    What the others found does not matter. No proof is sent while others may still reveal: it would
    end balloting, and whoever has not revealed by then is not paid. Missing it costs the bounty,
    which counts as the job's price here.
    """
    verdict = job.verdict
    if (
        verdict is None
        or verdict.state in (VerdictState.BALLOTING, VerdictState.SETTLED)
        or not verdict.is_challengeable(clock.slot)
    ):
        return []
    # Where no window runs yet, it is the next one that ends the time for a proof.
    deadline = max(verdict.window_end, clock.slot)
    return [
        Owed(ProveFraud(job.address, *ballot.rejected), deadline, job.job.price)
        for ballot in verdict.ballots
        if ballot.verifier == snapshot.owner
        and ballot.state is BallotState.REVEALED
        and ballot.rejected is not None
    ]


def _reveals(snapshot: VerifierSnapshot, job: JobSnapshot, clock: Clock) -> list[Owed]:
    verdict = job.verdict
    if (
        verdict is None
        or verdict.state is not VerdictState.BALLOTING
        or not verdict.ballot_deadline < clock.slot <= verdict.reveal_deadline
    ):
        return []
    return [
        Owed(RevealBallot(*key), verdict.reveal_deadline, snapshot.silence_fee)
        for ballot in verdict.latest_draw
        if _revealable(snapshot, ballot, key := (job.address, ballot.index))
    ]


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

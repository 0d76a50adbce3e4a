"""What a verifier does next: what it owes by its deadline, then collect.

Checking goes on beside that, as `next_work` decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.exact.decisions.actions import (
    CastBallot,
    Check,
    DeclineBallot,
    ProveFraud,
    ReleaseBallot,
    RevealBallot,
    Withdraw,
)
from keeper.exact.decisions.codes import BallotState, VerdictState
from keeper.exact.decisions.state import DrawnBallot, JobSnapshot, Verdict
from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.stake import Stake
from keeper.node.decisions.urgency import Owed, most_urgent

# A peer that serves slowly takes half of the time to a deadline: others must not wait for it.
CONCURRENT_CHECKS = 4

BallotKey = tuple[Pubkey, int]


@dataclass(frozen=True, slots=True)
class HeldSeat:
    """A seat that a verifier holds; `vacated_epoch` is None unless it has been vacated."""

    index: int
    taken_epoch: int
    vacated_epoch: int | None = None

    def may_cast(self, epoch: int) -> bool:
        """Returns whether its holder answers for ballots drawn from the snapshot of an epoch."""
        ended = self.vacated_epoch is not None and epoch > self.vacated_epoch
        return self.taken_epoch <= epoch and not ended


@dataclass(frozen=True, slots=True)
class VerifierSnapshot:
    """What a verifier decides on.

    The collateral is exposed `by_operator` where the owner does not sign itself. `ready` are its
    kept ballots, by job and index, `running` the actions under way.
    """

    owner: Pubkey
    seat: HeldSeat | None
    jobs: tuple[JobSnapshot, ...]
    stake: Stake
    by_operator: bool = False
    ready: frozenset[BallotKey] = frozenset()
    running: frozenset[Action] = frozenset()


def next_work(snapshot: VerifierSnapshot, clock: Clock) -> Action | None:
    """Returns the check to start beside the loop, None where there is none or enough are under way.

    The ballot whose casting ends first is checked first.
    """
    if len(snapshot.running) >= CONCURRENT_CHECKS:
        return None
    checks = [
        Owed(Check(job.address, ballot.index), judged.ballot_deadline, silence_fee(job))
        for job, judged, ballot in drawn(snapshot, clock)
        if (job.address, ballot.index) not in snapshot.ready
        and Check(job.address, ballot.index) not in snapshot.running
        and _at_risk(job) <= snapshot.stake.ballot_exposable(by_operator=snapshot.by_operator)
    ]
    return most_urgent(checks, clock.slot)


def next_action(snapshot: VerifierSnapshot, clock: Clock) -> Decision:
    """Returns the most urgent step that the chain accepts at `clock.slot`.

    What is owed comes first, as `keeper.node.decisions.urgency` orders it: reveals, casts,
    declined ballots and proofs. It does not depend on the work under way.
    """
    owed = [
        Owed(step, judged.ballot_deadline, silence_fee(job))
        for job, judged, ballot in drawn(snapshot, clock)
        if (step := _vote(snapshot, job, ballot)) is not None
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


def drawn(
    snapshot: VerifierSnapshot, clock: Clock
) -> Iterator[tuple[JobSnapshot, Verdict, DrawnBallot]]:
    """Yields the ballots that the chain lets the verifier cast or decline in this slot."""
    seat = snapshot.seat
    if seat is None:
        return
    for job in snapshot.jobs:
        judged = job.verdict
        if (
            judged is None
            or judged.state is not VerdictState.BALLOTING
            or clock.slot > judged.ballot_deadline
            or snapshot.owner in _parties(job, judged)
        ):
            continue
        for ballot in judged.latest_draw:
            mine = ballot.seat == seat.index and seat.may_cast(judged.epoch_of(ballot))
            if mine and ballot.state is BallotState.DRAWN:
                yield job, judged, ballot


def _vote(snapshot: VerifierSnapshot, job: JobSnapshot, ballot: DrawnBallot) -> Action | None:
    """Returns how to answer a drawn ballot, None before it has been checked.

    Only collateral that other ballots hold excuses a verifier. A budget that its operator has used
    up does not: whoever declines with room left is refused.
    """
    needed = _at_risk(job)
    if snapshot.stake.ballot_room < needed:
        return DeclineBallot(job.address, ballot.index)
    within = needed <= snapshot.stake.ballot_exposable(by_operator=snapshot.by_operator)
    if within and (job.address, ballot.index) in snapshot.ready:
        return CastBallot(job.address, ballot.index)
    return None


def _at_risk(job: JobSnapshot) -> int:
    """Returns the collateral that a ballot locks, in base units."""
    return job.parameters.verdict.ballot_exposure + silence_fee(job)


def silence_fee(job: JobSnapshot) -> int:
    """Returns what a ballot costs that is not cast or not revealed, in base units."""
    return job.parameters.verdict.silence_fee


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
        Owed(RevealBallot(*key), verdict.reveal_deadline, silence_fee(job))
        for ballot in verdict.latest_draw
        if revealable(snapshot, ballot, key := (job.address, ballot.index))
    ]


def revealable(snapshot: VerifierSnapshot, ballot: DrawnBallot, key: BallotKey) -> bool:
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
            revealable(snapshot, ballot, (job.job.address, ballot.index))
            for ballot in job.verdict.latest_draw
        )
    ]
    return min(openings, default=None)

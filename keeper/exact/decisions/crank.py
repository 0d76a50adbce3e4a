"""What a crank does next: every step that a deadline opens to anybody, and an epoch's chores."""

from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from idl.client.bindings.verdict import DRAW_DELAY
from keeper.exact.decisions.actions import (
    AdoptPartial,
    CollectFee,
    Draw,
    EmitRewards,
    ExpireAnswers,
    ExpireJob,
    ExpireLease,
    ReleaseBallot,
    RollMarket,
    Settle,
    SlashBallot,
    SlashProvider,
    SweepFees,
    TakeSnapshot,
    Tally,
    VoidAttempt,
    Withdraw,
)
from keeper.exact.decisions.codes import BallotState, JobState, VerdictState
from keeper.exact.decisions.state import JobSnapshot, Verdict, slashes_provider, voids
from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.clock import Clock


@dataclass(frozen=True, slots=True)
class Epochs:
    """The epochs whose chores are done, and the fee vaults that hold something.

    `emitted` is the last epoch in which this crank moved emission.
    """

    slots: int
    snapshot: int | None
    market: int | None
    emitted: int | None
    fee_shards: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CrankSnapshot:
    """What a crank decides on."""

    owner: Pubkey
    jobs: tuple[JobSnapshot, ...]
    epochs: Epochs
    salt_slots: int
    trap_slots: int
    max_attempts: int


def next_action(snapshot: CrankSnapshot, clock: Clock) -> Decision:
    """Returns a step that the chain accepts at `clock.slot`, otherwise when the next one opens."""
    opens: list[int] = []
    for job in snapshot.jobs:
        step = _job_step(snapshot, job, clock)
        if not isinstance(step, Wait):
            return step
        if step.until is not None:
            opens.append(step.until)
    chore = _epoch_chore(snapshot.epochs, clock)
    if not isinstance(chore, Wait):
        return chore
    if chore.until is not None:
        opens.append(chore.until)
    return Wait(min(opens, default=None))


def draw_opens(verdict: Verdict, salt_slots: int) -> int:
    """Returns the first slot in which anybody may draw.

    Where the salt is known, that is as soon as the delay has passed.
    """
    delay = DRAW_DELAY + 1 + (0 if verdict.salt_known else salt_slots)
    return verdict.committed_slot + delay


def _job_step(snapshot: CrankSnapshot, view: JobSnapshot, clock: Clock) -> Decision:
    job, verdict = view.job, view.verdict
    match job.state:
        case JobState.POSTED:
            if job.attempts >= snapshot.max_attempts:
                return ExpireJob(job.address)
            return _at(job.claim_deadline + 1, ExpireJob(job.address), clock)
        case JobState.CLAIMED:
            if job.lease is None:
                return Wait()
            return _at(job.lease.expires_slot + 1, ExpireLease(job.address), clock)
        case JobState.COMMITTED:
            return Wait() if verdict is None else _verdict_step(snapshot, view, verdict, clock)
        case _:
            return _leftovers(snapshot.owner, view)


def _verdict_step(
    snapshot: CrankSnapshot, view: JobSnapshot, verdict: Verdict, clock: Clock
) -> Decision:
    address = view.job.address
    match verdict.state:
        case VerdictState.COMMITTING:
            step: Decision = AdoptPartial(address)
        case VerdictState.COMMITTED:
            opens = draw_opens(verdict, snapshot.salt_slots)
            step = _at(opens, Draw(address, with_salt=False), clock)
        case VerdictState.BALLOTING:
            step = _at(_tally_opens(verdict, clock), Tally(address), clock)
        case VerdictState.ANSWERING if verdict.availability is not None:
            step = _at(verdict.availability.deadline + 1, ExpireAnswers(address), clock)
        case VerdictState.DISPUTED:
            step = _at(verdict.window_end + 1, Settle(address), clock)
        case VerdictState.DECIDED if slashes_provider(verdict.outcome) and not verdict.slashed:
            opens = verdict.window_end + snapshot.trap_slots + 1
            step = _at(opens, SlashProvider(address), clock)
        case VerdictState.DECIDED if voids(verdict.outcome):
            step = VoidAttempt(address)
        case VerdictState.DECIDED:
            step = _at(verdict.window_end + 1, Settle(address), clock)
        case _:
            step = Wait()
    return step


def _tally_opens(verdict: Verdict, clock: Clock) -> int:
    for slot in (clock.slot, verdict.ballot_deadline + 1):
        if verdict.ballots_closed(slot):
            return slot
    return verdict.reveal_deadline + 1


def _leftovers(owner: Pubkey, view: JobSnapshot) -> Decision:
    address, escrow = view.job.address, view.escrow
    if view.verdict is not None and view.verdict.state is VerdictState.SETTLED:
        for ballot in view.verdict.ballots:
            if view.verdict.owes_slash(ballot):
                return SlashBallot(address, ballot.index)
            if ballot.state is BallotState.CAST:
                return ReleaseBallot(address, ballot.index)
    if escrow is not None:
        for credit in escrow.unpaid_to(owner):
            return Withdraw(address, credit)
        if escrow.fee_due:
            return CollectFee(address)
    return Wait()


def _epoch_chore(epochs: Epochs, clock: Clock) -> Decision:
    epoch = clock.slot // epochs.slots
    chores: Sequence[tuple[int | None, Action]] = (
        (epochs.snapshot, TakeSnapshot(epoch)),
        (epochs.market, RollMarket(epoch)),
        (epochs.emitted, EmitRewards(epoch)),
    )
    for done, chore in chores:
        if done is None or done < epoch:
            return chore
    if epochs.fee_shards:
        return SweepFees(epochs.fee_shards[0])
    return Wait((epoch + 1) * epochs.slots)


def _at(slot: int, action: Action, clock: Clock) -> Decision:
    return action if clock.slot >= slot else Wait(slot)

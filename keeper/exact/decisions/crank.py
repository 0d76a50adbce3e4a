"""What a crank does next: every step that a deadline opens to anybody, and an epoch's chores."""

from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.exact.decisions.actions import (
    AdoptPartial,
    ApplyAuthority,
    ApplyTerms,
    CloseSeat,
    CollectFee,
    Draw,
    EmitRewards,
    EvictSeat,
    ExpireAnswers,
    ExpireJob,
    ExpireLease,
    ReleaseBallot,
    ReportSilent,
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
from neurolov_client.bindings.staking import VACATED_EPOCHS
from neurolov_client.bindings.verdict import DRAW_DELAY


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
class QueuedTerms:
    """Terms that can be applied from slot `applies_slot` to slot `lapses_slot`."""

    version: int
    applies_slot: int
    lapses_slot: int


@dataclass(frozen=True, slots=True)
class Queue:
    """What governance has queued: other terms, and a handover of the authority in a slot."""

    terms: QueuedTerms | None = None
    authority_slot: int | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """A verifier's seat with its collateral in base units, `balloted` of which ballots hold.

    `heir` is the owner that gets the seat once it is closed, the default key where nobody does.
    `vacated_epoch` is None unless it has been vacated.
    """

    index: int
    owner: Pubkey
    heir: Pubkey
    vacated_epoch: int | None
    collateral: int
    balloted: int


@dataclass(frozen=True, slots=True)
class CrankSnapshot:
    """What a crank decides on; `seats` are to be evicted or closed in this epoch."""

    owner: Pubkey
    jobs: tuple[JobSnapshot, ...]
    epochs: Epochs
    queue: Queue = Queue()
    seats: tuple[EvictSeat | CloseSeat, ...] = ()


def next_action(snapshot: CrankSnapshot, clock: Clock) -> Decision:
    """Returns a step that the chain accepts at `clock.slot`, otherwise when the next one opens."""
    opens: list[int] = []
    for job in snapshot.jobs:
        step = _job_step(snapshot, job, clock)
        if isinstance(step, Wait) and (silence := _silence(job, clock)) is not None:
            return silence
        if not isinstance(step, Wait):
            return step
        if step.until is not None:
            opens.append(step.until)
    for chore in (_queued(snapshot.queue, clock), _epoch_chore(snapshot, clock)):
        if not isinstance(chore, Wait):
            return chore
        if chore.until is not None:
            opens.append(chore.until)
    return Wait(min(opens, default=None))


def seat_chore(seat: Seat, epoch: int, minimum: int) -> EvictSeat | CloseSeat | None:
    """Returns what anybody may do about a seat in an epoch, None where there is nothing.

    `minimum` is the least collateral of a new seat, in base units.
    """
    if seat.vacated_epoch is None:
        evicted = 2 * seat.collateral < minimum
        return EvictSeat(seat.index, seat.owner) if evicted else None
    if epoch >= seat.vacated_epoch + VACATED_EPOCHS and seat.balloted == 0:
        return CloseSeat(seat.index, seat.owner, seat.heir)
    return None


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
            if job.attempts >= view.parameters.job_registry.max_attempts:
                return ExpireJob(job.address)
            return _at(job.claim_deadline + 1, ExpireJob(job.address), clock)
        case JobState.CLAIMED:
            if job.lease is None:
                return Wait()
            return _at(job.lease.expires_slot + 1, ExpireLease(job.address), clock)
        case JobState.COMMITTED:
            return Wait() if verdict is None else _verdict_step(view, verdict, clock)
        case _:
            return _leftovers(snapshot.owner, view)


def _verdict_step(view: JobSnapshot, verdict: Verdict, clock: Clock) -> Decision:
    address, rules = view.job.address, view.parameters.verdict
    match verdict.state:
        case VerdictState.COMMITTING:
            step: Decision = AdoptPartial(address)
        case VerdictState.COMMITTED:
            opens = draw_opens(verdict, rules.salt_slots)
            step = _at(opens, Draw(address, with_salt=False), clock)
        case VerdictState.BALLOTING:
            step = _at(_tally_opens(verdict, clock), Tally(address), clock)
        case VerdictState.ANSWERING if verdict.availability is not None:
            step = _at(verdict.availability.deadline + 1, ExpireAnswers(address), clock)
        case VerdictState.DISPUTED:
            step = _at(verdict.window_end + 1, Settle(address), clock)
        case VerdictState.DECIDED if slashes_provider(verdict.outcome) and not verdict.slashed:
            opens = verdict.window_end + rules.trap_slots + 1
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


def _silence(view: JobSnapshot, clock: Clock) -> Action | None:
    """Returns the report of a verifier that let its ballot pass, None where nobody did."""
    if view.verdict is not None:
        for ballot in view.verdict.silent(clock.slot):
            return ReportSilent(view.job.address, ballot)
    return None


def _queued(queue: Queue, clock: Clock) -> Decision:
    """Returns what completes a change that has waited long enough."""
    opens: list[int] = []
    terms, handover = queue.terms, queue.authority_slot
    if terms is not None and clock.slot <= terms.lapses_slot:
        if clock.slot >= terms.applies_slot:
            return ApplyTerms(terms.version)
        opens.append(terms.applies_slot)
    if handover is not None:
        if clock.slot >= handover:
            return ApplyAuthority(handover)
        opens.append(handover)
    return Wait(min(opens, default=None))


def _epoch_chore(snapshot: CrankSnapshot, clock: Clock) -> Decision:
    epochs = snapshot.epochs
    epoch = clock.slot // epochs.slots
    chores: Sequence[tuple[int | None, Action]] = (
        (epochs.snapshot, TakeSnapshot(epoch)),
        (epochs.market, RollMarket(epoch)),
        (epochs.emitted, EmitRewards(epoch)),
    )
    for done, chore in chores:
        if done is None or done < epoch:
            return chore
    if snapshot.seats:
        return snapshot.seats[0]
    if epochs.fee_shards:
        return SweepFees(epochs.fee_shards[0])
    return Wait((epoch + 1) * epochs.slots)


def _at(slot: int, action: Action, clock: Clock) -> Decision:
    return action if clock.slot >= slot else Wait(slot)

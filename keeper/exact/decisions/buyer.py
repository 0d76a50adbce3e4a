"""What a buyer does next for one job: salt the draw, and take back what nobody is owed."""

from dataclasses import dataclass

from keeper.exact.decisions.actions import (
    Cancel,
    DemandAnswers,
    Draw,
    ExpireJob,
    ReclaimEscrow,
    ReclaimJob,
    Withdraw,
)
from keeper.exact.decisions.codes import JobState, VerdictState
from keeper.exact.decisions.state import JobSnapshot, Verdict
from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.clock import Clock
from neurolov_client.bindings.verdict import DRAW_DELAY


@dataclass(frozen=True, slots=True)
class BuyerSnapshot:
    """One job as its buyer sees it.

    `cancelling` says that the buyer wants an unclaimed job back, `missing` that the result could
    not be fetched.
    """

    job: JobSnapshot
    holds_salt: bool
    cancelling: bool = False
    missing: bool = False


def next_action(snapshot: BuyerSnapshot, clock: Clock) -> Decision:
    """Returns the step that the chain accepts at `clock.slot`, or how long to wait."""
    view = snapshot.job
    job, verdict = view.job, view.verdict
    if job.state is JobState.POSTED:
        if snapshot.cancelling and job.progress == 0:
            return Cancel(job.address)
        if clock.slot > job.claim_deadline:
            return ExpireJob(job.address)
        return Wait(job.claim_deadline + 1)
    if job.ended:
        return _take_back(view)
    return Wait() if verdict is None else _judged(snapshot, verdict, clock)


def _judged(snapshot: BuyerSnapshot, verdict: Verdict, clock: Clock) -> Decision:
    address = snapshot.job.job.address
    if verdict.may_demand(clock.slot) and _misses(snapshot, verdict):
        return DemandAnswers(address)
    salting = snapshot.holds_salt and not verdict.salt_known
    if verdict.state is VerdictState.COMMITTED and salting:
        opens = verdict.committed_slot + DRAW_DELAY + 1
        return Draw(address, with_salt=True) if clock.slot >= opens else Wait(opens)
    return Wait()


def _misses(snapshot: BuyerSnapshot, verdict: Verdict) -> bool:
    """Returns whether the data are missed.

    One verifier is enough, because the others may collude with the provider that withholds them.
    """
    return snapshot.missing or any(ballot.missed for ballot in verdict.ballots)


def _take_back(view: JobSnapshot) -> Decision:
    job, escrow = view.job, view.escrow
    if escrow is not None:
        for credit in escrow.unpaid_to(job.buyer):
            # The tips for steps that the buyer cranked.
            return Withdraw(job.address, credit)
        surplus = escrow.balance - escrow.outstanding
        if escrow.final and (surplus > 0 or escrow.outstanding == 0):
            return ReclaimEscrow(job.address)
        return Wait()
    if view.verdict is None:
        return ReclaimJob(job.address)
    return Wait()

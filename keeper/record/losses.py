"""Slashes, fines and lost bonds of one owner, each with its reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import Outcome
from keeper.exact.decisions.state import convicts
from keeper.record.history import LandedEvents
from neurolov_client import Event, job_registry, redundancy, staking, verdict

UNKNOWN: Final = "unknown: the transaction tells no reason"


class LossKind(StrEnum):
    """How stake was lost."""

    SLASH = "slash"
    BOND = "bond"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Loss:
    """Base units of stake that an owner lost for a job or a task; the time is Unix seconds.

    `is_conviction` says whether the provider of a stage was convicted: the receipt says of what.
    """

    kind: LossKind
    reason: str
    amount: int
    work: Pubkey
    slot: int
    seconds: int
    is_conviction: bool = False


def losses_of(owner: Pubkey, landed: Iterable[LandedEvents]) -> list[Loss]:
    """Returns what an owner lost, oldest first."""
    return [loss for each in landed for loss in _losses(owner, each.events)]


def _losses(owner: Pubkey, events: Sequence[Event]) -> Iterator[Loss]:
    fine: staking.Fined | None = None
    for event in events:
        match event:
            case staking.Slashed() if event.owner == owner:
                yield _slash(event, events)
            case staking.BondForfeited() if event.owner == owner and event.amount:
                yield _bond(event, events)
            case staking.Fined():
                fine = event
            case verdict.SilenceReported():
                # A fine does not name the job: it belongs to the report that follows it.
                if fine is not None and fine.owner == owner and fine.amount:
                    yield _loss(LossKind.FINE, "a drawn ballot stayed unanswered", fine, event.job)
                fine = None


def _loss(
    kind: LossKind,
    reason: str,
    event: staking.Slashed | staking.BondForfeited | staking.Fined,
    work: Pubkey,
) -> Loss:
    return Loss(kind, reason, event.amount, work, event.envelope.slot, event.envelope.time)


def _slash(lost: staking.Slashed, events: Sequence[Event]) -> Loss:
    named = lost.job, lost.owner
    for event in events:
        match event:
            case verdict.BallotSlashed() if (event.job, event.verifier) == named:
                reason = "its ballot accepted a result that was proven wrong"
                return _loss(LossKind.SLASH, reason, lost, lost.job)
            case verdict.ProviderSlashed() if (event.job, event.provider) == named:
                reason = "its result was proven wrong, or it did not show its data in time"
                found = _loss(LossKind.SLASH, reason, lost, lost.job)
                return replace(found, is_conviction=True)
    return _loss(LossKind.SLASH, UNKNOWN, lost, lost.job)


def _bond(lost: staking.BondForfeited, events: Sequence[Event]) -> Loss:
    named = lost.job, lost.owner
    for event in events:
        match event:
            case job_registry.LeaseExpired() if (event.job, event.provider) == named:
                reason = "its lease expired before it committed"
                return _loss(LossKind.BOND, reason, lost, lost.job)
            case redundancy.RunExpired() if (event.task, event.provider) == named:
                return _loss(LossKind.BOND, "its run of the task stayed silent", lost, lost.job)
            case verdict.BallotReleased() if (event.job, event.verifier) == named:
                return _loss(LossKind.BOND, "its ballot was never revealed", lost, lost.job)
            case verdict.VerdictVoided() if (event.job, event.blamed) == named:
                reason = f"the job was voided: {Outcome(event.outcome).name.lower()}"
                found = _loss(LossKind.BOND, reason, lost, lost.job)
                return replace(found, is_conviction=convicts(Outcome(event.outcome)))
    return _loss(LossKind.BOND, UNKNOWN, lost, lost.job)

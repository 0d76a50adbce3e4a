"""Slashes, fines and lost bonds of one owner, each with its reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import Outcome
from keeper.record.history import LandedEvents
from neurolov_client import Event, job_registry, redundancy, staking, verdict


class LossKind(StrEnum):
    """How stake was lost."""

    SLASH = "slash"
    BOND = "bond"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Loss:
    """Base units of stake that an owner lost for a job or a task; the time is Unix seconds."""

    kind: LossKind
    reason: str
    amount: int
    work: Pubkey
    slot: int
    seconds: int


def losses_of(owner: Pubkey, landed: Iterable[LandedEvents]) -> list[Loss]:
    """Returns what an owner lost, oldest first."""
    return [loss for each in landed for loss in _losses(owner, each.events)]


def _losses(owner: Pubkey, events: Sequence[Event]) -> Iterator[Loss]:
    fine: staking.Fined | None = None
    for event in events:
        match event:
            case staking.Slashed() if event.owner == owner:
                reason = _slash_reason(event.job, owner, events)
                yield _loss(LossKind.SLASH, reason, event, event.job)
            case staking.BondForfeited() if event.owner == owner and event.amount:
                reason = _bond_reason(event.job, owner, events)
                yield _loss(LossKind.BOND, reason, event, event.job)
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


def _slash_reason(job: Pubkey, owner: Pubkey, events: Sequence[Event]) -> str:
    for event in events:
        match event:
            case verdict.BallotSlashed() if (event.job, event.verifier) == (job, owner):
                return "its ballot accepted a result that was proven wrong"
            case verdict.ProviderSlashed() if (event.job, event.provider) == (job, owner):
                return "its result was proven wrong, or it did not show its data in time"
    return "unknown"


def _bond_reason(job: Pubkey, owner: Pubkey, events: Sequence[Event]) -> str:
    for event in events:
        match event:
            case job_registry.LeaseExpired() if (event.job, event.provider) == (job, owner):
                return "its lease expired before it committed"
            case redundancy.RunExpired() if (event.task, event.provider) == (job, owner):
                return "its run of the task stayed silent"
            case verdict.BallotReleased() if (event.job, event.verifier) == (job, owner):
                return "its ballot was never revealed"
            case verdict.VerdictVoided() if (event.job, event.blamed) == (job, owner):
                return f"the job was voided: {Outcome(event.outcome).name.lower()}"
    return "unknown"

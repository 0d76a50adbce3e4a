"""What one owner did for each job and each task, and what it was paid for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import Outcome
from keeper.record.history import LandedEvents
from neurolov_client import Event, escrow, job_registry, redundancy, staking, verdict


class Part(StrEnum):
    """What an owner was for a job or a task."""

    PROVIDER = "provider"
    VERIFIER = "verifier"
    CHALLENGER = "challenger"
    CRANK = "crank"


@dataclass(frozen=True, slots=True)
class Payment:
    """Base units that arrived in the owner's token account; the time is Unix seconds."""

    amount: int
    slot: int
    seconds: int

    @property
    def day(self) -> str:
        """The day in UTC."""
        return f"{datetime.fromtimestamp(self.seconds, UTC):%Y-%m-%d}"


@dataclass(slots=True)
class Engagement:
    """One owner's part in one job or task; the counts are of its own steps.

    `is_task` is None where no event told. `slot` and `seconds` are those of its latest event.
    `commits` counts stages of a job and outputs of a task. A ballot is `withheld` if it was cast
    and never revealed.
    """

    work: Pubkey
    is_task: bool | None = None
    slot: int = 0
    seconds: int = 0
    parts: set[Part] = field(default_factory=set)
    claims: int = 0
    commits: int = 0
    lost_leases: int = 0
    cast: int = 0
    declined: int = 0
    missed: int = 0
    withheld: int = 0
    outcome: Outcome | None = None
    payments: list[Payment] = field(default_factory=list)

    @property
    def paid(self) -> int:
        """Base units that arrived so far."""
        return sum(payment.amount for payment in self.payments)


@dataclass(slots=True)
class Engagements:
    """Everything that an owner's history tells of its work, by the address of the job or task.

    `seen` are all that the transactions name: the owner may have taken a paid step there.
    """

    owner: Pubkey
    by_work: dict[Pubkey, Engagement] = field(default_factory=dict)
    seen: set[Pubkey] = field(default_factory=set)
    rewards: list[Payment] = field(default_factory=list)

    def take(self, landed: Iterable[LandedEvents]) -> "Engagements":
        """Take in transactions, oldest first, and return itself."""
        for each in landed:
            for event in each.events:
                self._take(event, each.slot)
        return self

    def _take(self, event: Any, slot: int) -> None:
        work = getattr(event, "job", None) or getattr(event, "task", None)
        if isinstance(work, Pubkey):
            self.seen.add(work)
        match event:
            case escrow.CreditPaid() if event.party == self.owner:
                self._of(event.job, event).payments.append(_payment(event, slot))
            case staking.RewardsClaimed() if event.owner == self.owner:
                self.rewards.append(_payment(event, slot))
            case verdict.VerdictSettled() | verdict.VerdictVoided() if event.job in self.by_work:
                self.by_work[event.job].outcome = Outcome(event.outcome)
            case _ if type(event) in _STEPS:
                self._count(_STEPS[type(event)], event)

    def _count(self, step: "_Step", event: Any) -> None:
        if getattr(event, step.who) != self.owner:
            return
        found = self._of(event.task if step.is_task else event.job, event)
        found.parts.add(step.part)
        found.is_task = step.is_task
        if step.count is not None:
            done = step.counted is None or getattr(event, step.counted)
            setattr(found, step.count, getattr(found, step.count) + int(done))

    def _of(self, work: Pubkey, event: Any) -> Engagement:
        found = self.by_work.setdefault(work, Engagement(work))
        found.slot, found.seconds = event.envelope.slot, event.envelope.time
        return found


@dataclass(frozen=True, slots=True)
class _Step:
    """What an event says of a party: the field that names it, its part, and the count it raises.

    With `counted`, it raises the count only where that field is true.
    """

    who: str
    part: Part
    count: str | None = None
    counted: str | None = None
    is_task: bool = False


_STEPS: Final[dict[type[Event], _Step]] = {
    job_registry.JobClaimed: _Step("provider", Part.PROVIDER, "claims"),
    job_registry.LeaseExpired: _Step("provider", Part.PROVIDER, "lost_leases"),
    verdict.StageCommitted: _Step("provider", Part.PROVIDER, "commits"),
    verdict.BallotCast: _Step("verifier", Part.VERIFIER, "cast"),
    verdict.BallotDeclined: _Step("verifier", Part.VERIFIER, "declined"),
    verdict.SilenceReported: _Step("verifier", Part.VERIFIER, "missed"),
    verdict.BallotReleased: _Step("verifier", Part.VERIFIER, "withheld", "withheld"),
    verdict.FraudProven: _Step("challenger", Part.CHALLENGER),
    redundancy.TaskJoined: _Step("provider", Part.PROVIDER, "claims", is_task=True),
    redundancy.RunCommitted: _Step("provider", Part.PROVIDER, "commits", is_task=True),
    redundancy.RunExpired: _Step("provider", Part.PROVIDER, "lost_leases", is_task=True),
}


def _payment(event: escrow.CreditPaid | staking.RewardsClaimed, slot: int) -> Payment:
    return Payment(event.amount, slot, event.envelope.time)

"""What one owner did for each job and each task, and what it was paid for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

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

    `slot` and `seconds` are those of its latest event. `commits` counts stages of a job and outputs
    of a task. A ballot is `withheld` if it was cast and never revealed.
    """

    work: Pubkey
    is_task: bool = False
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
    """Everything that an owner's history tells of its work, by the address of the job or task."""

    owner: Pubkey
    by_work: dict[Pubkey, Engagement] = field(default_factory=dict)
    rewards: list[Payment] = field(default_factory=list)

    def take(self, landed: Iterable[LandedEvents]) -> "Engagements":
        """Take in transactions, oldest first, and return itself."""
        for each in landed:
            for event in each.events:
                self._take(event, each.slot)
        return self

    def _take(self, event: Event, slot: int) -> None:
        match event:
            case job_registry.JobClaimed() if event.provider == self.owner:
                self._of(event.job, event, Part.PROVIDER).claims += 1
            case verdict.StageCommitted() if event.provider == self.owner:
                self._of(event.job, event, Part.PROVIDER).commits += 1
            case job_registry.LeaseExpired() if event.provider == self.owner:
                self._of(event.job, event, Part.PROVIDER).lost_leases += 1
            case verdict.BallotCast() if event.verifier == self.owner:
                self._of(event.job, event, Part.VERIFIER).cast += 1
            case verdict.BallotDeclined() if event.verifier == self.owner:
                self._of(event.job, event, Part.VERIFIER).declined += 1
            case verdict.SilenceReported() if event.verifier == self.owner:
                self._of(event.job, event, Part.VERIFIER).missed += 1
            case verdict.BallotReleased() if event.verifier == self.owner:
                found = self._of(event.job, event, Part.VERIFIER)
                found.withheld += int(event.withheld)
            case verdict.FraudProven() if event.challenger == self.owner:
                self._of(event.job, event, Part.CHALLENGER)
            case verdict.VerdictSettled() | verdict.VerdictVoided():
                # A provider's registration is rated with the end of the jobs of others too.
                if event.job in self.by_work:
                    self.by_work[event.job].outcome = Outcome(event.outcome)
            case redundancy.TaskJoined() if event.provider == self.owner:
                self._of(event.task, event, Part.PROVIDER, is_task=True).claims += 1
            case redundancy.RunCommitted() if event.provider == self.owner:
                self._of(event.task, event, Part.PROVIDER, is_task=True).commits += 1
            case redundancy.RunExpired() if event.provider == self.owner:
                self._of(event.task, event, Part.PROVIDER, is_task=True).lost_leases += 1
            case escrow.CreditPaid() if event.party == self.owner:
                payment = Payment(event.amount, slot, event.envelope.time)
                self._of(event.job, event).payments.append(payment)
            case staking.RewardsClaimed() if event.owner == self.owner:
                self.rewards.append(Payment(event.amount, slot, event.envelope.time))

    def _of(
        self, work: Pubkey, event: Event, part: Part | None = None, *, is_task: bool = False
    ) -> Engagement:
        found = self.by_work.setdefault(work, Engagement(work, is_task))
        found.slot, found.seconds = event.envelope.slot, event.envelope.time  # type: ignore[attr-defined]
        if part is not None:
            found.parts.add(part)
        return found

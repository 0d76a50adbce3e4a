"""The jobs of a training until each is settled: who was paid what for which."""

from collections import Counter
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from keeper.jobs.state import JobSnapshot, JobState, Outcome
from keeper.roles import Buyer
from keeper.training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a job ended; credits are base units by party."""

    job: Pubkey
    outcome: Outcome
    credits: tuple[tuple[Pubkey, int], ...]
    fee: int


@dataclass(slots=True)
class Ledger:
    """Jobs stay open until their end has been noted here; then the buyer closes them."""

    buyer: Buyer
    open_jobs: dict[Pubkey, str] = field(default_factory=dict)
    settled: list[Settlement] = field(default_factory=list)

    def add(self, job: Pubkey, title: str) -> None:
        """Follow a job that was just posted."""
        self.open_jobs[job] = title
        self.buyer.keep.add(job)

    def note(self, jobs: dict[Pubkey, JobSnapshot]) -> None:
        """Note every job that has ended; TrainingError when one was not paid for good work."""
        for job in list(self.open_jobs):
            snapshot = jobs.get(job)
            if snapshot is None or not snapshot.job.state.ended:
                continue
            title = self.open_jobs.pop(job)
            self.buyer.keep.discard(job)
            outcome = snapshot.verdict.outcome if snapshot.verdict is not None else Outcome.NONE
            if snapshot.job.state is not JobState.SETTLED:
                blamed = snapshot.verdict.blamed if snapshot.verdict is not None else None
                raise TrainingError(
                    f"{title}: job {job} is {snapshot.job.state.name.lower()} "
                    f"({outcome.name.lower()}), provider {blamed}"
                )
            money = snapshot.escrow
            credits = () if money is None else money.credits
            self.settled.append(
                Settlement(
                    job,
                    outcome,
                    tuple((credit.party, credit.amount) for credit in credits),
                    0 if money is None else money.fee_due,
                )
            )

    @property
    def paid(self) -> dict[Pubkey, int]:
        """Base units by party."""
        total: Counter[Pubkey] = Counter()
        for settlement in self.settled:
            for party, amount in settlement.credits:
                total[party] += amount
        return dict(total)

    @property
    def outcomes(self) -> dict[str, int]:
        """Number of jobs by outcome."""
        return dict(Counter(each.outcome.name.lower() for each in self.settled))

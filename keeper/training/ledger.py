"""The jobs of a training until each has ended: whose result stands, and who was paid what."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from keeper.exact.decisions.state import JobSnapshot, JobState, Outcome

# A result that a majority rejected, or that too few looked at, is paid for but not built on.
_STANDING = frozenset({Outcome.ACCEPTED, Outcome.UNSAMPLED})


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is for: a step, and a title for people."""

    step: int
    title: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended; credits are base units by party, blamed is who answers for a void."""

    job: Pubkey
    order: Order
    state: JobState
    outcome: Outcome
    credits: tuple[tuple[Pubkey, int], ...]
    fee: int
    blamed: Pubkey | None

    @property
    def stands(self) -> bool:
        """Whether the next step may be built on the result."""
        return self.state is JobState.SETTLED and self.outcome in _STANDING

    def __str__(self) -> str:
        words = f"{self.order.title}: {self.state.name.lower()}, {self.outcome.name.lower()}"
        return words if self.blamed is None else f"{words}, provider {self.blamed}"


@dataclass(slots=True)
class Ledger:
    """keep are the jobs whose buyer leaves their accounts open: those not noted here yet."""

    keep: set[Pubkey]
    orders: dict[Pubkey, Order] = field(default_factory=dict)
    endings: list[Ending] = field(default_factory=list)
    _superseded: set[Pubkey] = field(default_factory=set)

    def add(self, job: Pubkey, order: Order) -> None:
        """Follow a job that was just posted."""
        self.orders[job] = order
        self.keep.add(job)

    def supersede(self, step: int) -> None:
        """Steps from this one on are made again: how their jobs end no longer matters to them."""
        ended = {ending.job for ending in self.endings}
        self._superseded |= {
            job for job, order in self.orders.items() if order.step >= step and job not in ended
        }

    def note(self, jobs: Mapping[Pubkey, JobSnapshot]) -> Ending | None:
        """Note what has ended; the earliest result that steps were built on and does not stand."""
        ended = {ending.job for ending in self.endings}
        found = [
            _ending(jobs[job], order)
            for job, order in self.orders.items()
            if job not in ended and job in jobs and jobs[job].job.state.ended
        ]
        self.endings += found
        self.keep -= {ending.job for ending in found}
        fallen = [
            ending for ending in found if not ending.stands and ending.job not in self._superseded
        ]
        return min(fallen, key=lambda ending: ending.order.step, default=None)

    @property
    def paid(self) -> dict[Pubkey, int]:
        """Base units by party."""
        total: Counter[Pubkey] = Counter()
        for ending in self.endings:
            for party, amount in ending.credits:
                total[party] += amount
        return dict(total)

    @property
    def outcomes(self) -> dict[str, int]:
        """Number of jobs by outcome."""
        return dict(Counter(ending.outcome.name.lower() for ending in self.endings))


def _ending(snapshot: JobSnapshot, order: Order) -> Ending:
    verdict, money = snapshot.verdict, snapshot.escrow
    voided = snapshot.job.state is JobState.VOIDED
    return Ending(
        job=snapshot.job.address,
        order=order,
        state=snapshot.job.state,
        outcome=Outcome.NONE if verdict is None else verdict.outcome,
        credits=() if money is None else tuple((each.party, each.amount) for each in money.credits),
        fee=0 if money is None else money.fee_due,
        blamed=verdict.blamed if verdict is not None and voided else None,
    )

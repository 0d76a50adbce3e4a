"""Tracks the jobs of a training until each has ended: which results stand, and all payments."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import JobState, Outcome
from keeper.exact.decisions.state import JobSnapshot

# A result that a majority rejected, or that too few verifiers checked, is paid but not used.
_STANDING = frozenset({Outcome.ACCEPTED, Outcome.UNSAMPLED})


@dataclass(frozen=True, slots=True)
class Purpose:
    """The purpose of a job: its step, and a title to display."""

    step: int
    title: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended: `credits` in base units by party, and the provider to blame, if any."""

    job: Pubkey
    purpose: Purpose
    state: JobState
    outcome: Outcome
    credits: tuple[tuple[Pubkey, int], ...]
    fee: int
    blamed: Pubkey | None

    @property
    def stands(self) -> bool:
        """Whether the next step may use the result."""
        return self.state is JobState.SETTLED and self.outcome in _STANDING

    def __str__(self) -> str:
        words = f"{self.purpose.title}: {self.state.name.lower()}, {self.outcome.name.lower()}"
        return words if self.blamed is None else f"{words}, provider {self.blamed}"


@dataclass(slots=True)
class Ledger:
    """Open jobs and endings. `keep` holds the jobs whose accounts the buyer must not close yet."""

    keep: set[Pubkey]
    purposes: dict[Pubkey, Purpose] = field(default_factory=dict)
    endings: list[Ending] = field(default_factory=list)
    _superseded: set[Pubkey] = field(default_factory=set)

    def add(self, job: Pubkey, purpose: Purpose) -> None:
        """Track a job that was just posted."""
        self.purposes[job] = purpose
        self.keep.add(job)

    def supersede(self, step: int) -> None:
        """Mark `step` and all later steps as repeated, so that their old jobs are ignored."""
        ended = {ending.job for ending in self.endings}
        self._superseded |= {
            job
            for job, purpose in self.purposes.items()
            if purpose.step >= step and job not in ended
        }

    def note(self, jobs: Mapping[Pubkey, JobSnapshot]) -> Ending | None:
        """Record ended jobs; return the earliest rejected result that steps used, if any."""
        ended = {ending.job for ending in self.endings}
        found = [
            _ending(jobs[job], purpose)
            for job, purpose in self.purposes.items()
            if job not in ended and job in jobs and jobs[job].job.ended
        ]
        self.endings += found
        self.keep -= {ending.job for ending in found}
        fallen = [
            ending for ending in found if not ending.stands and ending.job not in self._superseded
        ]
        return min(fallen, key=lambda ending: ending.purpose.step, default=None)

    @property
    def paid(self) -> dict[Pubkey, int]:
        """The base units paid, by party."""
        total: Counter[Pubkey] = Counter()
        for ending in self.endings:
            for party, amount in ending.credits:
                total[party] += amount
        return dict(total)

    @property
    def outcomes(self) -> dict[str, int]:
        """The number of jobs by outcome."""
        return dict(Counter(ending.outcome.name.lower() for ending in self.endings))


def _ending(snapshot: JobSnapshot, purpose: Purpose) -> Ending:
    verdict, money = snapshot.verdict, snapshot.escrow
    voided = snapshot.job.state is JobState.VOIDED
    return Ending(
        job=snapshot.job.address,
        purpose=purpose,
        state=snapshot.job.state,
        outcome=Outcome.NONE if verdict is None else verdict.outcome,
        credits=() if money is None else tuple((each.party, each.amount) for each in money.credits),
        fee=0 if money is None else money.fee_due,
        blamed=verdict.blamed if verdict is not None and voided else None,
    )

"""One job, and what is known about it off chain."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from solders.pubkey import Pubkey

from keeper.lab.market.jobs import PostedJob
from neurolov_client import job_registry, verdict
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import ANSWER_DELAY, DRAW_DELAY, Outcome, State
from tests.adversaries.traces import Place, Work, trace_of, wrong_places
from tests.kernels.evidence.committed import Committed
from tests.world import Actor, World

ENDED: Final = {JobState.SETTLED, JobState.CANCELLED, JobState.EXPIRED, JobState.VOIDED}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of checking served data: the data is missing, wrong at a place, or right."""

    missing: bool
    wrong: Place | None


@dataclass(slots=True)
class Life:
    """A job under way. `claimers` are the providers that take it at each attempt."""

    job: PostedJob
    claimers: tuple[Actor, ...]
    burned: int
    works: list[Work] = field(default_factory=list)
    salt_is_public: bool = False
    inputs_served: bool = True
    """Whether the buyer gives the job's inputs to everyone who asks."""
    refund_tips: Counter[Pubkey] = field(default_factory=Counter)
    opened: dict[int, tuple[int, int, int, bytes]] = field(default_factory=dict)
    """Ballots as they were revealed: choice, operator, element, salt."""
    judged: verdict.Verdict | None = None
    """The verdict as it ended."""
    ended: int | None = None
    """The job's last state, once it is known."""
    closed: bool = False

    @property
    def outcome(self) -> Outcome:
        """Returns the outcome of judgement, or none where it never took place."""
        return Outcome(self.judged.outcome) if self.judged else Outcome.NONE

    @property
    def trace(self) -> Committed:
        """Returns the trace behind the stages in force."""
        return trace_of(self.works)

    @property
    def lies(self) -> tuple[Place, ...]:
        """Returns every committed element that is wrong, whether or not anyone can know it."""
        return wrong_places(self.works)

    def check(self, found: verdict.Verdict | None, insider: Pubkey | None = None) -> Finding:
        """Recomputes all that is committed. An insider has the data of its own stages."""
        works = self.works
        stages = () if found is None else found.stages[: found.stage_count]
        insider_of = {work.provider for work in works} & {insider}
        held = all(work.opens and (work.served or work.provider in insider_of) for work in works)
        held = held and (self.inputs_served or bool(insider_of))
        if not held or len(stages) != len(works):
            return Finding(missing=bool(works), wrong=None)
        claimed = self.trace.witness.claim(0, 0).stages if works else ()
        if [stage.root for stage in stages] != [stage.root for stage in claimed]:
            return Finding(missing=True, wrong=None)
        return Finding(missing=False, wrong=next(iter(self.lies), None))

    @property
    def provable(self) -> bool:
        """Returns whether everyone can get all data, and with it prove any lie."""
        served = self.inputs_served and all(work.opens and work.served for work in self.works)
        return bool(self.lies) and served


def next_slots(world: World, job: job_registry.Job, found: verdict.Verdict | None) -> list[int]:
    """Returns the slots at which something about the job changes by time alone."""
    if job.state == JobState.POSTED:
        turns = world.parameters.job_registry.claim_max_delay_slots
        first = job.posted_slot + 1
        return [*range(first, first + turns, 8), first + turns, job.claim_deadline + 1]
    if job.state == JobState.CLAIMED:
        return [job.lease.expires_slot, job.lease.expires_slot + 1]
    return [] if found is None else _next_in_judgement(world, found)


def _next_in_judgement(world: World, found: verdict.Verdict) -> list[int]:
    if found.state == State.COMMITTED:
        due = found.committed_slot + DRAW_DELAY + 1
        return [due, due + world.parameters.verdict.salt_slots]
    if found.state == State.BALLOTING:
        return _around(found.ballot_deadline, found.reveal_deadline)
    if found.state == State.ANSWERING:
        asked = found.availability
        return [asked.asked_slot + ANSWER_DELAY + 1, asked.deadline, asked.deadline + 1]
    if found.outcome in {Outcome.FRAUD, Outcome.WITHHELD}:
        return _around(found.window_end + world.parameters.verdict.trap_slots)
    return _around(found.window_end)


def _around(*deadlines: int) -> list[int]:
    return [slot for deadline in deadlines for slot in (deadline, deadline + 1)]

"""What a provider does next: finish its jobs, answer, collect what it earned, take more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from idl.client.bindings.verdict import MAX_STAGES
from keeper.exact.decisions.actions import (
    AnswerQuestion,
    Claim,
    CloseVerdict,
    CommitStage,
    Execute,
    OpenVerdict,
    ReleaseExposure,
    Withdraw,
)
from keeper.exact.decisions.codes import BallotState, JobState, VerdictState
from keeper.exact.decisions.selection import ClaimTerms, choose
from keeper.exact.decisions.state import Job, JobSnapshot
from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.clock import Clock


@dataclass(frozen=True, slots=True)
class ComputedStage:
    """Operators first..last - 1, whose outputs are in the store under this trace root."""

    first: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Work:
    """What this node knows of a job that it holds.

    `cumulative_macs[i]` counts the multiply-adds of operators 0..i. `restart` is set when the
    stages of an earlier provider cannot be fetched, so that the job begins again at operator 0.
    """

    cumulative_macs: tuple[int, ...]
    computed: tuple[ComputedStage, ...] = ()
    restart: bool = False


@dataclass(frozen=True, slots=True)
class ProviderSnapshot:
    """What a provider decides on: its jobs and offers, its stake and what it has computed.

    `rate` is multiply-adds per slot. `terms` is None while the provider may not claim. `asked`
    holds the operator and element of each question about a job's data, once they are known.
    """

    owner: Pubkey
    jobs: tuple[JobSnapshot, ...]
    terms: ClaimTerms | None
    rate: int
    lease_slots: int
    work: Mapping[Pubkey, Work] = field(default_factory=dict)
    asked: Mapping[Pubkey, Sequence[tuple[int, int]]] = field(default_factory=dict)


def next_action(snapshot: ProviderSnapshot, clock: Clock) -> Decision:
    """Returns the most urgent step that the chain accepts at `clock.slot`."""
    for job in sorted(snapshot.jobs, key=_lease_end):
        if (step := _finish(snapshot, job, clock)) is not None:
            return step
    for job in snapshot.jobs:
        if (step := _answer(snapshot, job, clock)) is not None:
            return step
    for job in snapshot.jobs:
        if (step := _collect(snapshot.owner, job)) is not None:
            return step
    if any(_holds(snapshot.owner, job, clock) for job in snapshot.jobs):
        return Wait()
    if snapshot.terms is None:
        return Wait()
    offers = [job for job in snapshot.jobs if snapshot.owner not in job.exposed]
    choice = choose(offers, snapshot.owner, snapshot.terms, clock)
    return Claim(choice.address) if isinstance(choice, Job) else Wait(choice)


def plan_stage(work: Work, first: int, stages_left: int, budget: int) -> int:
    """Returns the operator at which a stage that begins at `first` ends.

    A stage takes as many multiply-adds as `budget` allows, and one operator at least. The last
    stage that the verdict has room for takes everything.
    """
    operators = len(work.cumulative_macs)
    if stages_left <= 1:
        return operators
    before = work.cumulative_macs[first - 1] if first else 0
    last = first + 1
    while last < operators and work.cumulative_macs[last] - before <= budget:
        last += 1
    return last


def _lease_end(snapshot: JobSnapshot) -> int:
    return snapshot.job.lease.expires_slot if snapshot.job.lease else 0


def _holds(owner: Pubkey, snapshot: JobSnapshot, clock: Clock) -> bool:
    job = snapshot.job
    return (
        job.state is JobState.CLAIMED
        and job.lease is not None
        and job.lease.provider == owner
        and clock.slot <= job.lease.expires_slot
    )


def _finish(snapshot: ProviderSnapshot, held: JobSnapshot, clock: Clock) -> Decision | None:
    job, verdict = held.job, held.verdict
    if not _holds(snapshot.owner, held, clock):
        return None
    if verdict is None:
        return OpenVerdict(job.address)
    work = snapshot.work.get(job.address)
    if work is None:
        return None
    mine = [stage for stage in verdict.stages if stage.provider == snapshot.owner]
    # A predecessor may have used up the stages to make its successor lose the lease.
    full = len(verdict.stages) == MAX_STAGES
    begin_again = (work.restart or full) and job.progress > 0 and not mine
    first = 0 if begin_again else job.progress
    for stage in work.computed:
        if stage.first == first:
            return CommitStage(job.address, stage.first, stage.last, stage.root)
    stages_left = MAX_STAGES - (0 if first == 0 else len(verdict.stages))
    # Half a lease, so that a node at half its measured speed still commits in time.
    budget = snapshot.rate * snapshot.lease_slots // 2
    return Execute(job.address, first, plan_stage(work, first, stages_left, budget))


def _answer(snapshot: ProviderSnapshot, asked: JobSnapshot, clock: Clock) -> Decision | None:
    """Returns an answer to the first open question about what this provider committed."""
    job, verdict = asked.job, asked.verdict
    if (
        verdict is None
        or verdict.state is not VerdictState.ANSWERING
        or verdict.availability is None
        or clock.slot > verdict.availability.deadline
    ):
        return None
    for index, (operator, element) in enumerate(snapshot.asked.get(job.address, ())):
        answered = verdict.availability.answered >> index & 1
        if not answered and verdict.provider_of(operator) == snapshot.owner:
            return AnswerQuestion(job.address, index, operator, element)
    return None


def _collect(owner: Pubkey, snapshot: JobSnapshot) -> Decision | None:
    job, verdict = snapshot.job, snapshot.verdict
    if snapshot.escrow is not None:
        for credit in snapshot.escrow.unpaid_to(owner):
            return Withdraw(job.address, credit)
    if not job.ended:
        return None
    if owner in snapshot.exposed:
        return ReleaseExposure(job.address, owner)
    if (
        verdict is not None
        and verdict.payer == owner
        and verdict.state is VerdictState.SETTLED
        and not any(
            ballot.state in (BallotState.CAST, BallotState.REVEALED) for ballot in verdict.ballots
        )
    ):
        return CloseVerdict(job.address)
    return None

"""What a provider does next: what it owes, then collect what it earned, then take more.

Executing and fetching go on beside that, as `next_work` decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from keeper.exact.decisions.actions import (
    AnswerQuestion,
    Claim,
    CloseVerdict,
    CommitStage,
    Execute,
    FetchWorkload,
    OpenVerdict,
    ReleaseExposure,
    ReportSilent,
    Withdraw,
)
from keeper.exact.decisions.codes import BallotState, JobState, VerdictState
from keeper.exact.decisions.selection import ClaimConditions, choose
from keeper.exact.decisions.state import Job, JobSnapshot
from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.urgency import Owed, most_urgent
from neurolov_client.bindings.verdict import MAX_STAGES


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

    `signer` signs for `owner`. `rate` is multiply-adds per slot. `conditions` is None while the
    provider may not claim. `asked` holds the operator and element of each question about a job's
    data, once they are known. `work` has the jobs whose workload is on this machine, `running` the
    actions under way.
    """

    owner: Pubkey
    signer: Pubkey
    jobs: tuple[JobSnapshot, ...]
    conditions: ClaimConditions | None
    rate: int
    work: Mapping[Pubkey, Work] = field(default_factory=dict)
    asked: Mapping[Pubkey, Sequence[tuple[int, int]]] = field(default_factory=dict)
    running: frozenset[Action] = frozenset()


def next_work(snapshot: ProviderSnapshot, clock: Clock) -> Action | None:
    """Returns the work to start beside the loop, None where there is none or enough is under way.

    A stage is executed as soon as no other one is. Workloads that this provider needs for what it
    owes are fetched one at a time, beside the execution. That of an offer is fetched only while
    nothing else is under way.
    """
    held = sorted(_held(snapshot, clock), key=_lease_end)
    if not _running(snapshot, Execute):
        for each in held:
            if (stage := _stage(snapshot, each)) is not None and isinstance(stage, Execute):
                return stage
    asked = sorted(_answering(snapshot, clock), key=_answer_deadline)
    owed = [each.address for each in (*asked, *held, *_committed(snapshot))]
    if any(FetchWorkload(job) in snapshot.running for job in owed):
        return None
    for job in owed:
        if job not in snapshot.work:
            return FetchWorkload(job)
    offer = _offer(snapshot, clock)
    if isinstance(offer, Job) and offer.address not in snapshot.work and not snapshot.running:
        return FetchWorkload(offer.address)
    return None


def next_action(snapshot: ProviderSnapshot, clock: Clock) -> Decision:
    """Returns the most urgent step that the chain accepts at `clock.slot`.

    What is owed comes first, as `keeper.node.decisions.urgency` orders it: answers, and the steps
    that keep a lease. It does not depend on the work under way.
    """
    owed: list[Owed] = []
    for job in snapshot.jobs:
        owed += _answers(snapshot, job, clock)
        owed += _lease_step(snapshot, job, clock)
    if (step := most_urgent(owed, clock.slot)) is not None:
        return step
    for job in snapshot.jobs:
        if (collecting := _collect(snapshot, job, clock)) is not None:
            return collecting
    choice = _offer(snapshot, clock)
    if isinstance(choice, Job):
        return Claim(choice.address) if choice.address in snapshot.work else Wait()
    return Wait(choice)


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


def holds(owner: Pubkey, snapshot: JobSnapshot, clock: Clock) -> bool:
    """Returns whether an owner has a lease of the job that still runs."""
    job = snapshot.job
    return (
        job.state is JobState.CLAIMED
        and job.lease is not None
        and job.lease.provider == owner
        and clock.slot <= job.lease.expires_slot
    )


def _held(snapshot: ProviderSnapshot, clock: Clock) -> list[JobSnapshot]:
    return [job for job in snapshot.jobs if holds(snapshot.owner, job, clock)]


def _answering(snapshot: ProviderSnapshot, clock: Clock) -> list[JobSnapshot]:
    return [job for job in _committed(snapshot) if _is_asked(job, clock)]


def _committed(snapshot: ProviderSnapshot) -> list[JobSnapshot]:
    """Returns the jobs that this provider may still be asked about."""
    return [each for each in snapshot.jobs if may_be_asked(snapshot.owner, each)]


def may_be_asked(owner: Pubkey, snapshot: JobSnapshot) -> bool:
    """Returns whether an owner has committed a stage of the job and still answers for it."""
    verdict = snapshot.verdict
    return (
        verdict is not None
        and not snapshot.job.ended
        and any(stage.provider == owner for stage in verdict.stages)
    )


def _running(snapshot: ProviderSnapshot, kind: type[Action]) -> bool:
    return any(isinstance(action, kind) for action in snapshot.running)


def _offer(snapshot: ProviderSnapshot, clock: Clock) -> Job | int | None:
    """Returns the job to claim now, otherwise the first slot at which one opens, or None."""
    if snapshot.conditions is None or _held(snapshot, clock):
        return None
    offers = [job for job in snapshot.jobs if snapshot.owner not in job.exposed]
    return choose(offers, snapshot.owner, snapshot.conditions, clock)


def _lease_step(snapshot: ProviderSnapshot, held: JobSnapshot, clock: Clock) -> list[Owed]:
    """Returns the step that keeps the lease of a job, unless it has to be computed first."""
    if not holds(snapshot.owner, held, clock):
        return []
    step: Action | None = OpenVerdict(held.address)
    if held.verdict is not None:
        step = _stage(snapshot, held)
    if step is None or isinstance(step, Execute):
        return []
    return [Owed(step, _lease_end(held), held.exposure_of(snapshot.owner).bond)]


def _stage(snapshot: ProviderSnapshot, held: JobSnapshot) -> Action | None:
    """Returns the commitment of a held job's next stage, or its execution where it is not there."""
    job, verdict = held.job, held.verdict
    work = snapshot.work.get(job.address)
    if verdict is None or work is None:
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
    budget = snapshot.rate * held.parameters.job_registry.lease_slots // 2
    return Execute(job.address, first, plan_stage(work, first, stages_left, budget))


def _is_asked(snapshot: JobSnapshot, clock: Clock) -> bool:
    verdict = snapshot.verdict
    return (
        verdict is not None
        and verdict.state is VerdictState.ANSWERING
        and verdict.availability is not None
        and clock.slot <= verdict.availability.deadline
    )


def _answer_deadline(snapshot: JobSnapshot) -> int:
    asked = snapshot.verdict.availability if snapshot.verdict is not None else None
    return asked.deadline if asked is not None else 0


def _answers(snapshot: ProviderSnapshot, asked: JobSnapshot, clock: Clock) -> list[Owed]:
    """Returns an answer to each open question about what this provider committed.

    One that is missed costs the whole exposure and the bond.
    """
    verdict = asked.verdict
    if not _is_asked(asked, clock) or verdict is None or verdict.availability is None:
        return []
    exposure = asked.exposure_of(snapshot.owner)
    return [
        Owed(
            AnswerQuestion(asked.address, index, operator, element),
            verdict.availability.deadline,
            exposure.total,
        )
        for index, (operator, element) in enumerate(snapshot.asked.get(asked.address, ()))
        if not verdict.availability.answered >> index & 1
        and verdict.provider_of(operator) == snapshot.owner
    ]


def _collect(snapshot: ProviderSnapshot, view: JobSnapshot, clock: Clock) -> Decision | None:
    job, owner = view.job, snapshot.owner
    if view.escrow is not None:
        for credit in view.escrow.unpaid_to(owner):
            return Withdraw(job.address, credit)
    if not job.ended:
        return None
    if owner in view.exposed:
        return ReleaseExposure(job.address, owner)
    return _close(snapshot, view, clock)


def _close(snapshot: ProviderSnapshot, view: JobSnapshot, clock: Clock) -> Decision | None:
    """Returns what brings the verdict's rent back: silence has to be reported before it is closed.

    The provider of the first stage closes it too, because a key that has been replaced may have
    paid the rent.
    """
    job, verdict = view.job, view.verdict
    if verdict is None or not (
        verdict.state is VerdictState.SETTLED or job.state in (JobState.CANCELLED, JobState.EXPIRED)
    ):
        return None
    began = bool(verdict.stages) and verdict.stages[0].provider == snapshot.owner
    if not began and verdict.payer not in (snapshot.owner, snapshot.signer):
        return None
    if any(each.state in (BallotState.CAST, BallotState.REVEALED) for each in verdict.ballots):
        return None
    for silent in verdict.silent(clock.slot):
        return ReportSilent(job.address, silent)
    return CloseVerdict(job.address)

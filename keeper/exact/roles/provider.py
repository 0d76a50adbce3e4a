"""The provider: takes jobs, runs them, commits their traces and serves them."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.compute import CapacityError, HostLane, Lane, RenewingExecutor
from keeper.data import BlobMissingError, DataError, Spool, StageIndex
from keeper.exact.decisions import provider as rules
from keeper.exact.decisions.actions import AnswerQuestion, Execute, FetchWorkload
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.held import held_by_provider
from keeper.exact.decisions.provider import ComputedStage, ProviderSnapshot, Work
from keeper.exact.decisions.retention import provider_keeps
from keeper.exact.decisions.selection import ClaimConditions
from keeper.exact.decisions.state import Job, JobSnapshot, Stage, Verdict
from keeper.exact.disputes import EvidenceBuffer
from keeper.exact.disputes.upload import EvidenceUploader
from keeper.exact.roles.accounts import registration_of
from keeper.exact.roles.archive import TraceLoader
from keeper.exact.roles.availability import ElementPosition, questions_of
from keeper.exact.roles.data import JobData
from keeper.exact.roles.mirror import JobMirror, View
from keeper.exact.roles.role import Role
from keeper.exact.roles.sums import ComputedSums
from keeper.exact.roles.traces import StoredTrace, TraceFetcher
from keeper.exact.roles.workload import JobWorkload
from keeper.node.decisions.actions import Action, Decision
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.held import Held
from keeper.node.decisions.retention import Keeping
from keeper.node.errors import RoleError, WorkloadError
from keeper.scheduling import commit_in_slices
from kernels.graph import Graph
from kernels.graph.reference import Executor
from kernels.runtime import DeviceLost
from kernels.trace import CommittedOutputs, pack, trace_root, unpack
from kernels.trace.layout import Array, LayoutError
from neurolov_client import job_registry, staking

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExecutionCost:
    """What running a stage took: executing it, and packing and hashing its outputs."""

    macs: int
    execution_seconds: float
    commitment_seconds: float


@dataclass(frozen=True, slots=True)
class ProviderTools:
    """What a provider works with.

    `rate` is multiply-adds per slot, as measured by the self-test. `slice_macs` is the most in one
    turn of the lane, so that others that share the device wait no longer than that.
    """

    executor: Executor
    rate: int
    lane: Lane
    data: JobData
    slice_macs: int | None = None


class Provider(Role):
    """Runs jobs for one owner."""

    name = "provider"

    def __init__(
        self, mirror: JobMirror, submitter: Submitter, owner: Pubkey, tools: ProviderTools
    ) -> None:
        super().__init__(mirror, submitter, owner)
        self._tools = tools
        self._data = tools.data
        self._traces = TraceFetcher(tools.data.client, mirror.gateway)
        self._host = HostLane()
        self._committed = TraceLoader(
            self._host, tools.data.workloads, self._traces, tools.data.archive
        )
        self._uploader = EvidenceUploader(mirror.gateway, submitter)
        self._restarts: set[Pubkey] = set()
        self._registered = False
        self._workloads: dict[Pubkey, JobWorkload] = {}
        self.costs: dict[Pubkey, ExecutionCost] = {}
        sums = ComputedSums(self._workload_of, tools.data.store, tools.data.indexes)
        tools.data.sums.connect(sums.get)

    def decide(self, view: View, jobs: tuple[JobSnapshot, ...], clock: Clock) -> Decision:
        """Returns the next action, by `keeper.exact.decisions.provider`.

        Raises OperatorError once the owner has named another operator.
        """
        party = view.parties[self.owner]
        self.require_acting(party, view.terms.parameters.job_registry.min_exposure)
        if self._retired(party.provider):
            self.drain.begin()
        snapshot = ProviderSnapshot(
            owner=self.owner,
            signer=self.signer,
            jobs=jobs,
            conditions=self._conditions(view, jobs),
            rate=self._tools.rate,
            work={job: self._work(job, workload) for job, workload in self._workloads.items()},
            asked={
                job: self._asked(view.jobs[job], workload)
                for job, workload in self._workloads.items()
                if job in view.jobs
            },
            running=self.running,
        )
        return rules.next_work(snapshot, clock) or rules.next_action(snapshot, clock)

    def held(self, view: View) -> tuple[Held, ...]:
        """Returns the jobs that it has to run, or that it still answers for."""
        return held_by_provider(self.owner, tuple(view.jobs.values()), Clock(view.slot))

    def _workload_of(self, job: Pubkey) -> JobWorkload | None:
        return self._workloads.get(job)

    def _retired(self, registered: job_registry.Provider | None) -> bool:
        """Returns whether the owner has drained the provider, or closed its registration."""
        gone = registered is None and self._registered
        self._registered = registered is not None
        return gone or (registered is not None and bool(registered.draining))

    def farewell(self, view: View) -> str | None:
        """Returns what the chain says where it has ended the provider, and how that is undone."""
        registered = view.parties[self.owner].provider
        if registered is None:
            return "the provider is not registered any more"
        if not registered.draining:
            return None
        return "the provider is drained; to take jobs again run: neurolov provider resume"

    async def perform(self, action: Action, view: View) -> None:
        """Fetch and execute beside the loop, answer on the host, and send the rest."""
        match action:
            case FetchWorkload(job):
                await self._fetch(view.jobs[job])
            case Execute(job, first, last):
                await self._execute(view.jobs[job], range(first, last))
            case AnswerQuestion(job, question, operator, element):
                await self._answer(view.jobs[job], question, (operator, element))
            case _:
                await super().perform(action, view)

    async def _fetch(self, snapshot: JobSnapshot) -> None:
        """Make sure, before a claim, that its job can be run: otherwise it costs the lease bond.

        There must be room for its data, and the device must fit the graph.
        """
        job, posted = snapshot.job, snapshot.job.state is JobState.POSTED
        seconds = self.mirror.transfer_seconds(job.claim_deadline) if posted else None
        try:
            async with asyncio.timeout(seconds):
                workload = await self._data.workloads.get(job, with_trace=True)
        except TimeoutError as error:
            raise WorkloadError(f"job {job.address}: it is served too slowly") from error
        if posted:
            await self._require_capacity(workload)
        self._workloads[snapshot.address] = workload

    def _asked(self, snapshot: JobSnapshot, workload: JobWorkload) -> tuple[ElementPosition, ...]:
        return questions_of(self.mirror, snapshot, workload.graph)

    async def _answer(self, snapshot: JobSnapshot, question: int, at: ElementPosition) -> None:
        job = snapshot.job
        trace = await self._committed.get(snapshot)
        evidence = await self._host.run(trace.evidence, *at)
        buffer = EvidenceBuffer(self.signer, job.address, *at, evidence)
        terms = staking.terms_address(job.terms)
        answered = await self._uploader.answer(buffer, job.graph, terms, question)
        LOG.info("job %s: question %d answered in slot %d", job.address, question, answered.slot)

    async def _require_capacity(self, workload: JobWorkload) -> None:
        executor = self._tools.executor
        if isinstance(executor, RenewingExecutor):
            try:
                await self._tools.lane.run(executor.check_limits, workload.graph)
            except CapacityError as error:
                raise RoleError(str(error)) from error

    def _conditions(self, view: View, jobs: Sequence[JobSnapshot]) -> ClaimConditions | None:
        party = view.parties[self.owner]
        if party.provider is None or party.position is None or self.drain.begun:
            return None
        posted = {
            snapshot.address: snapshot.job.posted_slot
            for snapshot in jobs
            if snapshot.job.state is JobState.POSTED
        }
        return ClaimConditions(
            registration=registration_of(party.provider),
            stake=party.stake,
            by_operator=self.signer != self.owner,
            leasable=view.leasable,
            checkpoint_slots=view.checkpoint_slots,
            demand_q32=view.demand_q32,
            beacons=self.mirror.beacons(posted),
        )

    def _work(self, job: Pubkey, workload: JobWorkload) -> Work:
        computed = tuple(
            ComputedStage(index.first, index.last, bytes.fromhex(index.root))
            for index in self._data.indexes.of_job(str(job))
        )
        return Work(workload.cumulative_macs, computed, job in self._restarts)

    async def _execute(self, snapshot: JobSnapshot, operators: range) -> None:
        job = snapshot.job
        workload = self._workloads[job.address]
        try:
            earlier = await self._earlier(snapshot.verdict, job, workload, operators.start)
        except (DataError, LayoutError, RoleError) as error:
            LOG.warning("job %s begins again: earlier stages cannot be had: %s", job.address, error)
            self._restarts.add(job.address)
            return
        started = perf_counter()
        try:
            committed = await commit_in_slices(
                self._tools.lane,
                self._tools.executor,
                workload.graph,
                operators=operators,
                inputs=workload.inputs,
                earlier=earlier,
                most_macs=self._tools.slice_macs,
            )
        except DeviceLost as error:
            # Set aside, not given up: the next try goes on from the job's last committed stage.
            raise RoleError(f"job {job.address}: {error}") from error
        executed = perf_counter()
        index = await self._host.run(self._keep, job, operators, committed)
        cost = ExecutionCost(
            sum(workload.graph.descriptors[at].multiply_adds for at in operators),
            executed - started - committed.hashing_seconds,
            perf_counter() - executed + committed.hashing_seconds,
        )
        self.costs[job.address] = cost
        LOG.info(
            "job %s: operators %d..%d, %d multiply-adds in %.3f s, committed as %s",
            job.address, operators.start, operators.stop, cost.macs,
            cost.execution_seconds, index.root,
        )  # fmt: skip

    async def _earlier(
        self, verdict: Verdict | None, job: Job, workload: JobWorkload, first: int
    ) -> list[Array]:
        """Returns outputs 0..first - 1, this node's own or fetched from their providers."""
        found: list[Array] = []
        if first == 0:
            return found
        if verdict is None:
            raise WorkloadError(f"job {job.address} has progress but no verdict")
        async with Spool(self._data.reservation(job.address)) as spool:
            for stage in verdict.stages:
                index = await self._stage(job, stage, workload, spool)
                trace = StoredTrace.of(spool, [index])
                found += await self._host.run(_unpacked, trace, workload.graph, stage.first)
        return found[:first]

    async def _stage(
        self, job: Job, stage: Stage, workload: JobWorkload, spool: Spool
    ) -> StageIndex:
        """Returns the index of a stage whose outputs are in the store."""
        try:
            return self._data.indexes.get(str(job.address), stage.root.hex())
        except BlobMissingError:
            (index,) = await self._traces.stages(job.address, [stage], workload.graph, spool)
            return index

    def _keep(self, job: Job, operators: range, committed: CommittedOutputs) -> StageIndex:
        reservation = self._data.reservation(job.address)
        digests = [reservation.put(pack(output).tobytes()) for output in committed.outputs]
        index = StageIndex(
            job=str(job.address),
            first=operators.start,
            last=operators.stop,
            root=trace_root(committed.roots).hex(),
            outputs=tuple(digests),
            tensor_roots=tuple(root.hex() for root in committed.roots),
        )
        self._data.indexes.put(index)
        return index

    async def tidy(self, view: View) -> None:
        """Drop the data of jobs that nobody can ask for any more."""
        running = {action.subject for action in self.running}

        def keeping(job: Pubkey) -> Keeping:
            if job in running:
                return Keeping.NEEDED
            claiming = job in self._workloads
            return provider_keeps(view.jobs.get(job), self.owner, claiming=claiming)

        self._workloads = {
            job: kept for job, kept in self._workloads.items() if keeping(job) is Keeping.NEEDED
        }
        await self._data.evict(keeping)


def _unpacked(trace: StoredTrace, graph: Graph, first: int) -> list[Array]:
    specs = graph.outputs[first : first + len(trace.outputs)]
    return [
        unpack(data, spec.shape, spec.dtype)
        for data, spec in zip(trace.outputs, specs, strict=True)
    ]

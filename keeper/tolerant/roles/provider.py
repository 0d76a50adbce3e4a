"""The provider of tasks: runs custom kernels, and compares its outputs with those of others."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.compute import Lane
from keeper.data import BlobClient, BlobStore, ReservationKind, StageIndexes
from keeper.data.sealing import sealed_bytes
from keeper.node.decisions.actions import Action, Decision
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.held import Held
from keeper.node.decisions.retention import Keeping
from keeper.node.errors import WorkloadError
from keeper.node.eviction import Eviction
from keeper.tolerant.decisions import provider as rules
from keeper.tolerant.decisions.actions import (
    CommitRun,
    FetchRivals,
    RevealRun,
    RunKernel,
)
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.held import held_by_task_provider
from keeper.tolerant.decisions.provider import (
    Comparison,
    JoinRules,
    JoinTerms,
    TaskProviderSnapshot,
)
from keeper.tolerant.decisions.retention import provider_keeps
from keeper.tolerant.decisions.state import Run, Task, TaskSnapshot
from keeper.tolerant.roles.kept_inputs import KeptInputs
from keeper.tolerant.roles.mirror import TaskMirror, TaskView
from keeper.tolerant.roles.revealed_outputs import OutputFetcher, publish
from keeper.tolerant.roles.role import TaskRole
from keeper.tolerant.roles.runs import KeptRun, Runs, run_commitment
from keeper.tolerant.roles.transactions import commit, reveal
from keeper.tolerant.roles.workload import UnfitTaskError, fetch_workload
from keeper.tolerant.verification.tolerance import results_agree
from kernels.custom import KernelPackage, Output, PackageError, RunError
from kernels.runtime import AdapterUnavailable

LOG = logging.getLogger(__name__)

RunPackage = Callable[[KernelPackage, Sequence[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class TaskProviderTools:
    """What a provider works with; `min_price` is the least that it runs a kernel for.

    Outputs that were paid for stay as long as `eviction` retains them.
    """

    run: RunPackage
    min_price: int
    lane: Lane
    client: BlobClient
    store: BlobStore
    indexes: StageIndexes
    runs: Runs
    eviction: Eviction


class TaskProvider(TaskRole):
    """Runs tasks for one key."""

    name = "taskprovider"

    def __init__(
        self, mirror: TaskMirror, submitter: Submitter, owner: Pubkey, tools: TaskProviderTools
    ) -> None:
        super().__init__(mirror, submitter, owner)
        self._tools = tools
        self._outputs = OutputFetcher(tools.client, mirror.gateway)
        self._inputs = KeptInputs(tools.store)
        self._kept = tools.runs.keys()
        self._unfit: frozenset[Pubkey] = frozenset()
        self._compared: dict[Pubkey, Comparison] = {}

    def decide(self, view: TaskView, subjects: tuple[TaskSnapshot, ...], clock: Clock) -> Decision:
        """Returns the next action, by `keeper.tolerant.decisions.provider`."""
        snapshot = TaskProviderSnapshot(
            owner=self.owner,
            tasks=subjects,
            terms=None if self.drain.begun else self._terms(view, subjects),
            kept=self._kept,
            unfit=self._unfit,
            compared=self._compared,
            running=self.running,
        )
        return rules.next_work(snapshot, clock) or rules.next_action(snapshot, clock)

    def held(self, view: TaskView) -> tuple[Held, ...]:
        """Returns the runs whose bond can still be lost or taken back."""
        return held_by_task_provider(self.owner, view.tasks.values(), self._kept)

    async def perform(self, action: Action, view: TaskView) -> None:
        """Run and compare beside the loop, commit and reveal by the kept run, send the rest."""
        match action:
            case RunKernel(address):
                await self._run_kernel(view.tasks[address].task)
            case CommitRun(address):
                kept = self._tools.runs.get(address)
                commitment = run_commitment(kept.root, kept.salt, self.owner, address)
                context = self.context(view, view.tasks[address])
                await self.send(action, view, commit(context, commitment))
            case RevealRun(address):
                await self._reveal(action, view)
            case FetchRivals(address):
                task = view.tasks[address].task
                self._compared[address] = await self._compare(task)
            case _:
                await super().perform(action, view)

    async def tidy(self, view: TaskView) -> None:
        """Drop the outputs that nobody can ask for any more."""
        running = {action.subject for action in self.running}

        def keeping(task: Pubkey) -> Keeping:
            if task in running:
                return Keeping.NEEDED
            found = view.tasks.get(task)
            return provider_keeps(
                None if found is None else found.task, self.owner, kept=task in self._kept
            )

        due = self._tools.eviction.due(keeping)
        done = frozenset(task for task in self._kept if keeping(task) is not Keeping.NEEDED)
        if due or done:
            await asyncio.to_thread(self._evict, due, done)
        await asyncio.to_thread(self._inputs.tidy)
        self._kept -= done
        self._unfit &= view.tasks.keys()
        self._compared = {
            task: found for task, found in self._compared.items() if task in view.tasks
        }

    def _terms(self, view: TaskView, tasks: Sequence[TaskSnapshot]) -> JoinTerms:
        posted = {
            snapshot.address: snapshot.task.posted_slot
            for snapshot in tasks
            if snapshot.task.state is TaskState.JOINING
        }
        return JoinTerms(
            rules={
                version: JoinRules(
                    claim_scale_slots=params.claim_scale_slots,
                    claim_max_delay_slots=params.claim_max_delay_slots,
                    bond_bps=params.bond_bps,
                    join_kappa=params.join_kappa,
                )
                for version, params in view.parameters.items()
            },
            checkpoint_slots=view.checkpoint_slots,
            stake=view.stakes[self.owner],
            leasable=view.leasable,
            by_operator=self.submitter.key != self.owner,
            min_price=self._tools.min_price,
            beacons=self.mirror.beacons(posted),
        )

    async def _run_kernel(self, task: Task) -> None:
        # The output is in the vault until it is revealed, and in the store from then on.
        reservation = self._tools.store.reservation(ReservationKind.TASKS, str(task.address))
        await asyncio.to_thread(reservation.reserve, 2 * sealed_bytes(task.output_bytes))
        try:
            async with asyncio.timeout(self.mirror.transfer_seconds(task.deadline)):
                workload = await fetch_workload(self._tools.client, self._inputs, task)
            output = await self._executed(task, workload.package, workload.inputs)
        except TimeoutError as error:
            raise WorkloadError(f"task {task.address}: it is served too slowly") from error
        except UnfitTaskError:
            self._unfit |= {task.address}
            raise
        kept = await asyncio.to_thread(KeptRun.of, output, workload.package.outputs)
        await asyncio.to_thread(self._tools.runs.keep, task.address, kept, output)
        self._kept |= {task.address}
        LOG.info("task %s: ran %s, root %s", task.address, workload.package.name, kept.root.hex())

    async def _executed(self, task: Task, package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
        try:
            return await self._tools.lane.run(self._tools.run, package, inputs)
        except (RunError, PackageError, AdapterUnavailable) as error:
            raise UnfitTaskError(f"task {task.address}: {error}") from error

    async def _reveal(self, action: RevealRun, view: TaskView) -> None:
        kept, snapshot = self._tools.runs.get(action.task), view.tasks[action.task]
        task, run = snapshot.task, snapshot.task.run_of(self.owner)
        assert run is not None
        output = await asyncio.to_thread(self._tools.runs.payload, action.task)
        await asyncio.to_thread(publish, self._tools.store, self._tools.indexes, task, output)
        context = self.context(view, snapshot)
        await self.send(action, view, reveal(context, run.index, kept.root, kept.salt))

    async def _compare(self, task: Task) -> Comparison:
        """Returns who agrees with the kept output.

        An output that is not served in time agrees with nobody.
        """
        own = task.run_of(self.owner)
        assert own is not None
        whole = Output(None, task.output_bytes, task.element, task.tolerance)
        outputs = self._tools.runs.get(task.address).outputs or (whole,)
        output = await asyncio.to_thread(self._tools.runs.payload, task.address)
        rivals, seconds = list(task.rivals_of(own)), self.mirror.transfer_seconds(task.deadline)

        async def verdict(rival: Run) -> bool | None:
            data = await self._outputs.fetch(task, rival, seconds)
            if data is None:
                return None
            return await asyncio.to_thread(results_agree, output, data, outputs)

        found = await asyncio.gather(*map(verdict, rivals))
        agrees = sum(1 << rival.index for rival, same in zip(rivals, found, strict=True) if same)
        return Comparison(task.round, agrees, None in found, self.mirror.view.slot)

    def _evict(self, due: dict[str, Keeping], done: frozenset[Pubkey]) -> None:
        for task in done:
            self._tools.runs.discard(task)
        self._tools.eviction.carry_out(due, lambda name: None)

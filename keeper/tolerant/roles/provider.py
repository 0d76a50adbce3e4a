"""The provider of tasks: runs custom kernels, and compares its outputs with those of others."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.compute import Lane
from keeper.data import BlobClient, BlobStore, StageIndexes
from keeper.node.decisions.actions import Action, Decision
from keeper.node.decisions.clock import Clock
from keeper.tolerant.decisions import provider as rules
from keeper.tolerant.decisions.actions import (
    CommitRun,
    FetchRivals,
    RevealRun,
    RunKernel,
)
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.provider import (
    Comparison,
    JoinRules,
    JoinTerms,
    TaskProviderSnapshot,
)
from keeper.tolerant.decisions.state import Run, Task, TaskSnapshot
from keeper.tolerant.roles.mirror import TaskMirror, TaskView
from keeper.tolerant.roles.revealed_outputs import OutputFetcher, publish
from keeper.tolerant.roles.role import TaskRole
from keeper.tolerant.roles.runs import KeptRun, Runs, run_commitment
from keeper.tolerant.roles.transactions import commit, reveal
from keeper.tolerant.roles.workload import UnfitTaskError, fetch_workload
from keeper.tolerant.verification.tolerance import agree
from kernels.custom import KernelPackage, PackageError, RunError
from kernels.runtime import AdapterUnavailable

LOG = logging.getLogger(__name__)

RunPackage = Callable[[KernelPackage, Sequence[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class TaskProviderTools:
    """What a provider works with; `min_price` is the least that it runs a kernel for."""

    run: RunPackage
    min_price: int
    lane: Lane
    client: BlobClient
    store: BlobStore
    indexes: StageIndexes
    runs: Runs


class TaskProvider(TaskRole):
    """Runs tasks for one key."""

    name = "taskprovider"

    def __init__(
        self, mirror: TaskMirror, submitter: Submitter, owner: Pubkey, tools: TaskProviderTools
    ) -> None:
        super().__init__(mirror, submitter, owner)
        self._tools = tools
        self._outputs = OutputFetcher(tools.client, mirror.gateway)
        self._kept = tools.runs.keys()
        self._unfit: frozenset[Pubkey] = frozenset()
        self._compared: dict[Pubkey, Comparison] = {}

    def decide(self, view: TaskView, subjects: tuple[TaskSnapshot, ...], clock: Clock) -> Decision:
        """Returns the next action, by `keeper.tolerant.decisions.provider`."""
        return rules.next_action(
            TaskProviderSnapshot(
                owner=self.owner,
                tasks=subjects,
                terms=self._terms(view, subjects),
                kept=self._kept,
                unfit=self._unfit,
                compared=self._compared,
            ),
            clock,
        )

    async def perform(self, action: Action, view: TaskView) -> None:
        """Run in the lane, commit and reveal by the kept run, compare, and send the rest."""
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
                await asyncio.to_thread(self._forget, view)

    async def recover(self) -> None:
        """Read the chain, and drop what belongs to closed tasks."""
        await super().recover()
        await asyncio.to_thread(self._forget, self.mirror.view)

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
        try:
            workload = await fetch_workload(self._tools.client, task)
            output = await self._executed(task, workload.package, workload.inputs)
        except UnfitTaskError:
            self._unfit |= {task.address}
            raise
        kept = await asyncio.to_thread(KeptRun.of, output)
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
        output = await asyncio.to_thread(self._tools.runs.payload, task.address)
        rivals, seconds = list(task.rivals_of(own)), self.mirror.transfer_seconds(task.deadline)

        async def verdict(rival: Run) -> bool | None:
            data = await self._outputs.fetch(task, rival, seconds)
            if data is None:
                return None
            return await asyncio.to_thread(agree, output, data, task.element, task.tolerance)

        found = await asyncio.gather(*map(verdict, rivals))
        agrees = sum(1 << rival.index for rival, same in zip(rivals, found, strict=True) if same)
        return Comparison(task.round, agrees, None in found, self.mirror.view.slot)

    def _forget(self, view: TaskView) -> None:
        """Drop the outputs of closed tasks: nobody can ask for them any more."""
        for digest in self._tools.indexes.keep_only({str(task) for task in view.tasks}):
            self._tools.store.remove(digest)
        for kept in self._kept - view.tasks.keys():
            self._tools.runs.discard(kept)
        self._kept &= view.tasks.keys()
        self._unfit &= view.tasks.keys()
        self._compared = {
            task: found for task, found in self._compared.items() if task in view.tasks
        }

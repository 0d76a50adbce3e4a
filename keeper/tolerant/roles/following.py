"""Follows own tasks to their end, and keeps their outputs; see `Custody`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.data import BlobStore
from keeper.node.buying.custody import Custody, LostError, Tell
from keeper.node.buying.results import Result
from keeper.node.buying.submissions import Submissions
from keeper.node.connection import Connection, Reading
from keeper.node.errors import WorkloadError
from keeper.node.services import Announced
from keeper.node.supervision import running
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import Task, TaskSnapshot
from keeper.tolerant.roles.archive import FOLDER, TaskArchive, TaskRecord
from keeper.tolerant.roles.buyer import TaskBuyer
from keeper.tolerant.roles.mirror import TaskMirror
from keeper.tolerant.roles.revealed_outputs import OutputFetcher
from keeper.tolerant.roles.workload import fetch_package, result_of
from kernels.custom import KernelPackage

KIND = "tasks"
FETCH_SECONDS = 120.0
FETCH_TRIES = 3
"""How often each paid provider is asked for its output, a slot apart."""


def outputs_of(folder: Path) -> TaskArchive:
    """Returns how the tasks of a node's folder ended, with their outputs."""
    return TaskArchive(folder / FOLDER)


class TaskFollowing(Custody[TaskRecord]):
    """The tasks that this process follows; see `following`."""

    word = "task"

    def __init__(
        self, connection: Connection, mirror: TaskMirror, store: BlobStore, tell: Tell
    ) -> None:
        """`store` holds the workloads."""
        self.mirror = mirror
        self.archive = outputs_of(connection.folder)
        self._connection = connection
        self._store = store
        self.buyer = TaskBuyer(mirror, connection.submitter, connection.owner, store)
        self._posted = Submissions(connection.folder, KIND)
        announced = Announced(connection.folder, store)
        super().__init__(mirror, self.buyer, self._posted, announced, tell)

    def open(self) -> Mapping[Pubkey, TaskSnapshot]:
        """Returns all tasks."""
        return self.mirror.view.tasks

    def belongs(self, address: Pubkey) -> bool:
        """Returns whether a task is the key's, and was posted from this folder."""
        own = self.open()[address].task.buyer == self._connection.owner
        return own and self._posted.of(address) is not None

    def record(self, address: Pubkey) -> TaskRecord | None:
        """Returns how a task ended, None unless that is kept."""
        return self.archive.get(address)

    async def keep(self, address: Pubkey) -> None:
        """Keep a task's output once it has ended; see `Custody.keep`."""
        snapshot = await self._ended(address)
        if snapshot is None:
            return
        if snapshot.task.state is TaskState.CANCELLED:
            slots = self.mirror.view.checkpoint_slots
            self.tell(f"too few joined; stake counts two windows of {slots} slots after it came")
        settled = snapshot.task.state is TaskState.SETTLED
        output = await self._settled(snapshot.task) if settled else None
        self.archive.keep(snapshot, output)

    async def _ended(self, address: Pubkey) -> TaskSnapshot | None:
        told = ""
        while (snapshot := self.open().get(address)) is not None:
            found = snapshot.task
            runs = ", ".join(run.state.name.lower() for run in found.runs)
            step = f"{found.state.name.lower()}, round {found.round}, runs: {runs or 'none'}"
            if step != told:
                self.tell(f"slot {self.mirror.view.slot:,}: task {str(address)[:8]}: {step}")
                told = step
            if found.ended:
                return snapshot
            await self.mirror.next_view()
        return None

    async def _settled(self, task: Task) -> Result:
        for _ in range(FETCH_TRIES):
            output = await fetch_output(self._connection, self._store, task)
            if output is not None:
                return output
            await self.mirror.next_view()
        raise LostError(
            f"task {task.address} is settled and paid, and no provider that agrees serves what it "
            "revealed. Nothing of it is closed, so try again later with: neurolov task follow "
            f"{task.address}; or give the output up with: neurolov task close {task.address} "
            "--without-output"
        )


async def fetch_output(
    reading: Reading, store: BlobStore, task: Task, package: KernelPackage | None = None
) -> Result | None:
    """Returns what the first paid provider that serves it revealed, None where there is none.

    The kernel tells what the outputs are: by default it comes from the store, or from the buyer.
    Raises LostError where neither has it.
    """
    try:
        kernel = package or await fetch_package(reading.client, store, task)
    except WorkloadError as error:
        raise LostError(
            f"{error}; its outputs can be read with the kernel alone: neurolov task result "
            f"{task.address} --package FILE"
        ) from error
    outputs = OutputFetcher(reading.client, reading.gateway)
    for run in task.paid_runs:
        data = await outputs.fetch(task, run, FETCH_SECONDS)
        if data is not None:
            return result_of(data, kernel.outputs)
    return None


@asynccontextmanager
async def following(
    connection: Connection, mirror: TaskMirror, store: BlobStore, tell: Tell
) -> AsyncIterator[TaskFollowing]:
    """Follow the own tasks of a folder during the block.

    `store` holds their workloads. `tell` is given each change.
    """
    found = TaskFollowing(connection, mirror, store, tell)
    async with running(connection.services, found.buyer), asyncio.TaskGroup() as group:
        task = group.create_task(found.run())
        # Its tasks live in it, so it has to be under way before anything is taken.
        await asyncio.sleep(0)
        yield found
        task.cancel()
    await found.buyer.tidy(mirror.view)

"""The tasks of one key: each as it stands, all of them, the output of one, one given up."""

from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from keeper.configuration.settings import DEFAULT_QUOTA_BYTES
from keeper.data import BlobStore
from keeper.errors import BadInputError
from keeper.node.buying.custody import LostError, Tell
from keeper.node.buying.results import Result
from keeper.node.buying.submissions import HeldElsewhereError, Submissions
from keeper.node.connection import Connection, Reading
from keeper.node.supervision import running
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import Task, TaskSnapshot
from keeper.tolerant.roles.archive import TaskRecord, record_of
from keeper.tolerant.roles.buyer import TaskBuyer
from keeper.tolerant.roles.following import KIND, fetch_output, outputs_of
from keeper.tolerant.roles.mirror import TaskMirror, task_mirror
from keeper.tolerant.roles.submission import UnknownTaskError
from kernels.custom import KernelPackage


@dataclass(frozen=True, slots=True)
class OwnTask:
    """A task of the key, open or closed, and whether it was submitted from this folder."""

    record: TaskRecord
    open: bool
    submitted_here: bool

    def document(self) -> dict[str, Any]:
        """Returns it for JSON; amounts are base units."""
        return {
            "task": self.record.task,
            "state": self.record.state,
            "open": self.open,
            "posted_slot": self.record.posted_slot,
            "paid": self.record.paid,
            "output_kept": self.record.output,
            "submitted_here": self.submitted_here,
        }


async def own_tasks(reading: Reading) -> list[OwnTask]:
    """Returns the tasks of a key: those open on the chain, and those that this folder remembers.

    The newest come first. Raises ChainError.
    """
    view = (await task_mirror(reading)).view
    archive = outputs_of(reading.folder)
    here = Submissions(reading.folder, KIND).by_address()
    found = [
        OwnTask(
            record_of(snapshot, output=archive.path(address).is_file()),
            open=True,
            submitted_here=str(address) in here,
        )
        for address, snapshot in view.tasks.items()
        if snapshot.task.buyer == reading.owner
    ]
    known = {each.record.task for each in found}
    found += [
        OwnTask(record, open=False, submitted_here=record.task in here)
        for record in archive.records()
        if record.task not in known
    ]
    return sorted(found, key=lambda each: each.record.posted_slot or 0, reverse=True)


async def find_task(reading: Reading, address: Pubkey) -> TaskRecord:
    """Returns a task as it stands, or how it ended; raises UnknownTaskError."""
    snapshot = (await task_mirror(reading)).view.tasks.get(address)
    return _record(reading, address) if snapshot is None else record_of(snapshot)


def followable(
    connection: Connection, mirror: TaskMirror, address: Pubkey, tell: Tell
) -> tuple[Task | None, TaskRecord | None]:
    """Returns an own task that is open, or how it ended where it is closed.

    `tell` is given what this folder lacks of a task that another folder posted. Raises
    UnknownTaskError, and BadInputError where the task is another key's.
    """
    if address not in mirror.view.tasks:
        return None, _record(connection, address)
    task = _own_task(connection, mirror, address).task
    if Submissions(connection.folder, KIND).of(address) is None:
        tell(
            f"task {address} was posted from another folder or machine: its data are not here, so "
            "that this process can only wait, and fetch the output"
        )
    return task, None


async def task_output(
    reading: Reading, address: Pubkey, package: KernelPackage | None = None
) -> Result:
    """Returns the elements of a settled task's outputs, kept or fetched and checked.

    Those that are fetched for a task of the key are kept. `package` is the task's kernel where the
    caller has it. Raises UnknownTaskError, BadInputError where the task is not settled or has
    another kernel, and LostError where nobody serves the outputs or the kernel.
    """
    archive = outputs_of(reading.folder)
    if (kept := archive.output(address)) is not None:
        return kept
    snapshot = (await task_mirror(reading)).view.tasks.get(address)
    if snapshot is None or snapshot.task.state is not TaskState.SETTLED:
        state = _record(reading, address).state if snapshot is None else snapshot.task.state.name
        raise BadInputError(f"task {address} is {state.lower()}: there is no output here")
    if package is not None and package.digest != snapshot.task.kernel:
        raise BadInputError(f"task {address} has another kernel than this package")
    store = BlobStore(reading.folder, DEFAULT_QUOTA_BYTES)
    output = await fetch_output(reading, store, snapshot.task, package)
    if output is None:
        raise LostError(f"task {address}: no provider that agrees serves what it revealed")
    if snapshot.task.buyer == reading.owner:
        archive.keep(snapshot, output)
    return output


async def give_up(connection: Connection, address: Pubkey) -> None:
    """Close an ended task whose output is not kept, and never ask for the output again.

    Raises BadInputError on a task that has not ended.
    """
    mirror = await task_mirror(connection)
    snapshot = _own_task(connection, mirror, address)
    if not snapshot.task.ended:
        state = snapshot.task.state.name.lower()
        raise BadInputError(f"task {address} is {state}; only a task that has ended is closed")
    with Submissions(connection.folder, KIND).following(address) as mine:
        if not mine:
            raise HeldElsewhereError(f"another process of this folder follows task {address}")
        archive = outputs_of(connection.folder)
        if archive.get(address) is None:
            archive.keep(snapshot, None)
        buyer = TaskBuyer(mirror, connection.submitter, connection.owner)
        buyer.followed = {address}
        async with running(connection.services, buyer):
            while address in mirror.view.tasks:
                await mirror.next_view()


def _own_task(connection: Connection, mirror: TaskMirror, address: Pubkey) -> TaskSnapshot:
    snapshot = mirror.view.tasks.get(address)
    if snapshot is None:
        raise BadInputError(f"task {address} is closed: {_record(connection, address).state}")
    if snapshot.task.buyer != connection.owner:
        raise BadInputError(f"task {address} belongs to {snapshot.task.buyer}")
    return snapshot


def _record(reading: Reading, address: Pubkey) -> TaskRecord:
    record = outputs_of(reading.folder).get(address)
    if record is None:
        raise UnknownTaskError(f"unknown task {address}; check the address and the cluster's URL")
    return record

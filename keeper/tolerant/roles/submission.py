"""A buyer's task from payment to the end: post, follow, fetch the output, take back the rest."""

from collections.abc import Callable, Sequence

from solders.pubkey import Pubkey

from keeper.errors import BadInputError
from keeper.node.connection import Connection, Reading
from keeper.node.endpoints import require_reachable
from keeper.node.payment import require_tokens
from keeper.node.services import Storage
from keeper.node.supervision import running
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import Task
from keeper.tolerant.roles.archive import TaskArchive, TaskRecord, record_of
from keeper.tolerant.roles.buyer import TaskBuyer
from keeper.tolerant.roles.mirror import TaskMirror, TaskView, task_mirror
from keeper.tolerant.roles.posting import TaskOffer, TaskPoster
from keeper.tolerant.roles.revealed_outputs import OutputFetcher
from kernels.custom import KernelPackage

FETCH_SECONDS = 120.0

Tell = Callable[[str], None]


class UnknownTaskError(BadInputError):
    """Neither the chain nor this node knows the task."""


async def submit_task(
    connection: Connection,
    storage: Storage,
    package: KernelPackage,
    inputs: Sequence[bytes],
    *,
    offer: TaskOffer,
    tell: Tell,
) -> tuple[TaskRecord, bytes | None]:
    """Pay for a task, follow it to its end, and take back what nobody is owed.

    Returns how it ended and its output, None where there is none to be had. `tell` is given each
    change. Raises UnreachableEndpointError, InsufficientFundsError, PackageError, RoleError and
    ChainError.
    """
    services, owner = connection.services, connection.owner
    require_reachable(services.client, storage.url)
    mirror = await task_mirror(connection)
    await _require_tokens(connection, mirror.view, offer)
    poster = TaskPoster(services.gateway, connection.submitter, owner, storage.store)
    manifest = poster.store_workload(package, inputs)
    posted = await poster.post(package, manifest, offer, storage.url)
    tell(f"task {posted} posted")
    buyer = TaskBuyer(mirror, connection.submitter, owner, storage.store)
    buyer.keep.add(posted)
    await mirror.refresh()
    async with running(services, buyer):
        ended = await _ended(mirror, posted, tell)
        if ended.state is TaskState.CANCELLED:
            slots = mirror.view.checkpoint_slots
            tell(f"too few joined; stake counts two windows of {slots} slots after it came")
        output = await _output(OutputFetcher(services.client, services.gateway), ended, tell)
        record = _archive(connection).keep(ended)
        buyer.keep.discard(posted)
        while posted in mirror.view.tasks:
            await mirror.next_view()
    await buyer.tidy(mirror.view)
    return record, output


async def find_task(reading: Reading, address: Pubkey) -> TaskRecord:
    """Returns a task as it stands, or how it ended; raises UnknownTaskError."""
    snapshot = (await task_mirror(reading)).view.tasks.get(address)
    if snapshot is not None:
        return record_of(snapshot.task)
    record = _archive(reading).get(address)
    if record is None:
        raise UnknownTaskError(f"unknown task {address}; check the address and the cluster's URL")
    return record


async def _ended(mirror: TaskMirror, posted: Pubkey, tell: Tell) -> Task:
    told = ""
    while True:
        found = mirror.view.tasks[posted].task
        runs = ", ".join(run.state.name.lower() for run in found.runs)
        step = f"{found.state.name.lower()}, round {found.round}, runs: {runs or 'none'}"
        if step != told:
            tell(f"slot {mirror.view.slot}: {step}")
            told = step
        if found.ended:
            return found
        await mirror.next_view()


async def _output(outputs: OutputFetcher, found: Task, tell: Tell) -> bytes | None:
    """Returns the output of the first paid provider that serves what it revealed."""
    if found.state is not TaskState.SETTLED:
        return None
    for run in found.paid_runs:
        data = await outputs.fetch(found, run, FETCH_SECONDS)
        if data is not None:
            return data
    tell("no output: no provider that agrees serves what it revealed")
    return None


async def _require_tokens(connection: Connection, view: TaskView, offer: TaskOffer) -> None:
    await require_tokens(
        connection.gateway,
        connection.owner,
        connection.mint,
        offer.locked.price + offer.locked.tips + view.posting_fee,
        work="task",
        remedy=", lower the price or allow fewer runs",
    )


def _archive(reading: Reading) -> TaskArchive:
    return TaskArchive(reading.folder / "task-records")

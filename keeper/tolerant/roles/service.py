"""Brings the roles that are paid for tasks into being, with their data and a mirror."""

from keeper.compute import Lane
from keeper.data import ReservationKind
from keeper.node.connection import Connection
from keeper.node.eviction import Eviction
from keeper.node.services import Storage
from keeper.tolerant.roles.crank import TaskCrank
from keeper.tolerant.roles.mirror import task_mirror
from keeper.tolerant.roles.provider import RunPackage, TaskProvider, TaskProviderTools
from keeper.tolerant.roles.runs import RUNS


async def open_task_provider(
    connection: Connection, storage: Storage, run: RunPackage, min_price: int, lane: Lane
) -> TaskProvider:
    """Returns the task provider of a registered key; see `TaskProviderTools`. Raises ChainError."""
    tools = TaskProviderTools(
        run=run,
        min_price=min_price,
        lane=lane,
        client=connection.services.client,
        store=storage.store,
        indexes=storage.tasks,
        runs=connection.vault.secrets(RUNS),
        eviction=Eviction(
            storage.store, ReservationKind.TASKS, storage.tasks, storage.retention_seconds
        ),
    )
    mirror = await task_mirror(connection)
    return TaskProvider(mirror, connection.submitter, connection.owner, tools)


async def open_task_crank(connection: Connection) -> TaskCrank:
    """Returns the task crank of a key; raises ChainError."""
    return TaskCrank(await task_mirror(connection), connection.submitter, connection.owner)

"""What an owner waits for before its provider of tasks can be gone."""

from keeper.node.connection import Connection
from keeper.node.decisions.held import Held
from keeper.tolerant.decisions.held import held_by_task_provider
from keeper.tolerant.roles.mirror import task_mirror


async def runs_of_provider(connection: Connection) -> tuple[Held, ...]:
    """Returns the runs of the owner whose bond can still be lost or taken back."""
    tasks = (await task_mirror(connection)).view.tasks
    return held_by_task_provider(connection.owner, tasks.values(), frozenset(tasks))

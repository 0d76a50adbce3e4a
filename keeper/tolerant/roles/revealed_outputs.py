"""Outputs after their reveal: served by the provider, fetched and checked by everybody else."""

import asyncio
import logging

from keeper.chain.gateway import Gateway
from keeper.data import BlobClient, BlobStore, DataError, ReservationKind, StageIndex, StageIndexes
from keeper.node.endpoints import endpoint_of
from keeper.node.errors import RoleError
from keeper.tolerant.decisions.state import Run, Task
from keeper.tolerant.roles.runs import output_root

LOG = logging.getLogger(__name__)

KIND = "tasks"


class OutputMissingError(RoleError):
    """A task has no output that could be handed out."""


def publish(store: BlobStore, indexes: StageIndexes, task: Task, output: bytes) -> None:
    """Serve an output under its task and root.

    It must not be served before the commitment may be opened.
    """
    root = output_root(output).hex()
    index = StageIndex(
        job=str(task.address),
        first=0,
        last=1,
        root=root,
        outputs=(store.reservation(ReservationKind.TASKS, str(task.address)).put(output),),
        tensor_roots=(root,),
    )
    indexes.put(index)


class OutputFetcher:
    """Looks up a provider's endpoint on chain and reads what it revealed."""

    def __init__(self, client: BlobClient, gateway: Gateway) -> None:
        self._client = client
        self._gateway = gateway

    async def fetch(self, task: Task, run: Run, seconds: float) -> bytes | None:
        """Returns the output behind a revealed root, None when it cannot be had in time."""
        try:
            async with asyncio.timeout(seconds):
                return await self._fetch(task, run)
        except (DataError, TimeoutError) as error:
            LOG.warning(
                "output of %s for task %s: %s", run.provider, task.address, error or "too slow"
            )
            return None

    async def _fetch(self, task: Task, run: Run) -> bytes | None:
        endpoint = await endpoint_of(self._gateway, run.provider)
        name, root = str(task.address), run.root.hex()
        index = await self._client.fetch_index(endpoint, name, root, KIND)
        data = await self._client.fetch(endpoint, index.outputs[0], task.output_bytes)
        complete = len(data) == task.output_bytes
        if not complete or await asyncio.to_thread(output_root, data) != run.root:
            LOG.warning("%s serves other bytes than it revealed for task %s", run.provider, name)
            return None
        return data

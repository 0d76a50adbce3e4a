"""Committed outputs, fetched from the providers that answer for them."""

import asyncio
import logging

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.data import BlobClient, DataError, StageIndex
from keeper.exact.decisions.state import Stage
from keeper.node.endpoints import endpoint_of
from kernels.graph import Graph
from kernels.trace import trace_root

LOG = logging.getLogger(__name__)

CONCURRENT_TRANSFERS = 4


class TraceFetcher:
    """Looks up a provider's endpoint on chain and reads its stages."""

    def __init__(self, client: BlobClient, gateway: Gateway) -> None:
        self._client = client
        self._gateway = gateway

    async def stage(self, job: Pubkey, stage: Stage, graph: Graph) -> list[bytes | None]:
        """Returns the canonical bytes of each output of a stage, None for what cannot be had."""
        missing: list[bytes | None] = [None] * (stage.last - stage.first)
        try:
            endpoint = await endpoint_of(self._gateway, stage.provider)
            index = await self._client.fetch_index(endpoint, str(job), stage.root.hex())
        except DataError as error:
            LOG.warning("stage %s of job %s: %s", stage.root.hex(), job, error)
            return missing
        if (index.first, index.last) != (stage.first, stage.last):
            return missing
        slots = asyncio.Semaphore(CONCURRENT_TRANSFERS)

        async def output(number: int, digest: str) -> bytes | None:
            try:
                async with slots:
                    size = graph.outputs[number].stored_bytes
                    return await self._client.fetch(endpoint, digest, size)
            except DataError as error:
                LOG.warning("operator %d of job %s: %s", number, job, error)
                return None

        operators = range(stage.first, stage.last)
        return await asyncio.gather(*map(output, operators, index.outputs))

    async def last_output(
        self, job: Pubkey, stage: Stage, graph: Graph
    ) -> tuple[StageIndex, bytes]:
        """Returns the stage's index and its last output, unchecked; raises DataError."""
        endpoint = await endpoint_of(self._gateway, stage.provider)
        index = await self._client.fetch_index(endpoint, str(job), stage.root.hex())
        size = graph.outputs[stage.last - 1].stored_bytes
        return index, await self._client.fetch(endpoint, index.outputs[-1], size)


def index_is_committed(index: StageIndex, stage: Stage) -> bool:
    """Returns whether the index lists the tensor roots that the stage's root commits to."""
    roots = [bytes.fromhex(root) for root in index.tensor_roots]
    covers = (index.first, index.last) == (stage.first, stage.last)
    return covers and trace_root(roots) == stage.root

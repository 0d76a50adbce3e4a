"""Committed outputs, fetched from the providers that answer for them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.data import (
    BlobClient,
    BlobReader,
    BlobSink,
    DataError,
    PeerFault,
    Spool,
    StageIndex,
    StoredBlobs,
)
from keeper.exact.decisions.state import Stage
from keeper.exact.roles.sums import sums_spec
from keeper.exact.verification import is_worth_advice
from keeper.node.endpoints import endpoint_of
from keeper.node.errors import RoleError, TraceError
from kernels.graph import Graph
from kernels.trace import trace_root

LOG = logging.getLogger(__name__)

CONCURRENT_TRANSFERS = 4


class TraceMissingError(TraceError):
    """A provider does not serve what it committed; `missing` names the stage or the operator."""

    def __init__(self, job: Pubkey, missing: str, reason: object) -> None:
        super().__init__(f"{missing} of job {job} is not served: {reason}")
        self.missing = missing


class BlobBuffer(BlobSink, BlobReader, Protocol):
    """What fetched outputs are written to and read back from: a store, or a part of one."""


@dataclass(frozen=True, slots=True)
class StoredTrace:
    """Canonical bytes of each committed output, read when needed, and their tensor roots."""

    outputs: Sequence[bytes]
    roots: tuple[bytes, ...]

    @classmethod
    def of(cls, store: BlobReader, indexes: Iterable[StageIndex]) -> Self:
        """Returns the outputs that indexes list, in a store that holds them."""
        listed = tuple(indexes)
        return cls(
            StoredBlobs(store, [digest for index in listed for digest in index.outputs]),
            tuple(bytes.fromhex(root) for index in listed for root in index.tensor_roots),
        )


class TraceFetcher:
    """Looks up a provider's endpoint on chain and reads its stages."""

    def __init__(self, client: BlobClient, gateway: Gateway) -> None:
        self._client = client
        self._gateway = gateway

    async def stages(
        self, job: Pubkey, stages: Sequence[Stage], graph: Graph, into: BlobSink
    ) -> list[StageIndex]:
        """Fetch the outputs of stages, and return the stages' indexes; see `fetch_stage`."""
        return [
            await fetch_stage(
                self._client, await endpoint_of(self._gateway, stage.provider), job, stage, graph,
                into,
            )
            for stage in stages
        ]  # fmt: skip

    async def sums(
        self, stages: Sequence[Stage], indexes: Sequence[StageIndex], graph: Graph, into: Spool
    ) -> AsyncIterator[tuple[int, str]]:
        """Fetch the sums that make verifying products to int8 cheaper.

        Yields operators and the digests of their sums. A provider owes nobody its sums: one that
        does not tell some is asked for no more, and what this node has no room for is left out.
        """
        for stage, index in zip(stages, indexes, strict=True):
            try:
                endpoint = await endpoint_of(self._gateway, stage.provider)
                for number in range(stage.first, stage.last):
                    if is_worth_advice(graph.descriptors[number]):
                        size = sums_spec(graph, number).stored_bytes
                        told = await self._client.fetch_sums(endpoint, index, number, size)
                        yield number, await asyncio.to_thread(into.put, told)
            except (DataError, RoleError) as error:
                LOG.info("operators %d..%d: sums are not told: %s", stage.first, stage.last, error)

    async def outputs(
        self, job: Pubkey, stage: Stage, operators: Sequence[int], graph: Graph
    ) -> AsyncIterator[tuple[int, bytes, bytes]]:
        """Yields some operators of a stage, each with its committed root and its bytes, unchecked.

        Raises TraceMissingError at the first that is not served, or where the index is not what was
        committed, and an OwnFault.
        """
        endpoint = await endpoint_of(self._gateway, stage.provider)
        index = await committed_index(self._client, endpoint, job, stage)
        for operator in operators:
            place = operator - stage.first
            size = graph.outputs[operator].stored_bytes
            try:
                data = await self._client.fetch(endpoint, index.outputs[place], size)
            except PeerFault as error:
                raise TraceMissingError(job, f"operator {operator}", error) from error
            yield operator, bytes.fromhex(index.tensor_roots[place]), data


async def fetch_stage(  # noqa: PLR0917
    client: BlobClient, endpoint: str, job: Pubkey, stage: Stage, graph: Graph, into: BlobSink
) -> StageIndex:
    """Fetch every output of a stage, a piece in memory at a time, and return the stage's index.

    Raises TraceMissingError at the first that the provider does not serve as its index says, or
    where the index is not what it committed to, and an OwnFault where this node cannot fetch.
    """
    index = await committed_index(client, endpoint, job, stage)
    wanted = iter(zip(range(stage.first, stage.last), index.outputs, strict=True))

    async def transfer() -> None:
        for number, digest in wanted:
            size = graph.outputs[number].stored_bytes
            try:
                await client.fetch_into(into, endpoint, digest, size)
            except PeerFault as error:
                raise TraceMissingError(job, f"operator {number}", error) from error

    await _all_or_none([asyncio.create_task(transfer()) for _ in range(CONCURRENT_TRANSFERS)])
    return index


async def committed_index(
    client: BlobClient, endpoint: str, job: Pubkey, stage: Stage
) -> StageIndex:
    """Returns a stage's index as committed; raises TraceMissingError and an OwnFault."""
    name = f"stage {stage.first}..{stage.last}"
    try:
        index = await client.fetch_index(endpoint, str(job), stage.root.hex())
    except PeerFault as error:
        raise TraceMissingError(job, name, error) from error
    if not index_is_committed(index, stage):
        raise TraceMissingError(job, name, "its index is not what was committed")
    return index


def index_is_committed(index: StageIndex, stage: Stage) -> bool:
    """Returns whether the index lists the tensor roots that the stage's root commits to."""
    roots = [bytes.fromhex(root) for root in index.tensor_roots]
    covers = (index.first, index.last) == (stage.first, stage.last)
    return covers and trace_root(roots) == stage.root


async def _all_or_none(tasks: list[asyncio.Task[None]]) -> None:
    """Wait for all tasks; one that fails ends the others, and its error is raised."""
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

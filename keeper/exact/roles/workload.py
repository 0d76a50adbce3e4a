"""A job's workload: its graph and inputs, fetched from its buyer and checked against the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from solders.pubkey import Pubkey

from keeper.compute import ComputeLane
from keeper.data import BlobClient, BlobStore, JobManifest, PeerFault
from keeper.node.errors import WorkloadError
from kernels.graph import Graph, GraphError
from kernels.graph.file import load
from kernels.trace import LayoutError, inputs_root, tensor_root, unpack
from kernels.trace.layout import Array

MANIFEST_BYTES = 1 << 16
GRAPH_BYTES = 1 << 30


class WorkloadReference(Protocol):
    """Where a job's workload is served, and what it must hash to."""

    @property
    def address(self) -> Pubkey:
        """The job's address."""
        ...

    @property
    def source(self) -> str:
        """URL of the buyer that serves it."""
        ...

    @property
    def manifest(self) -> bytes:
        """SHA-256 of its manifest."""
        ...

    @property
    def spec_root(self) -> bytes:
        """The graph's root."""
        ...

    @property
    def input_root(self) -> bytes:
        """The root over the inputs' roots."""
        ...


@dataclass(frozen=True, slots=True)
class JobWorkload:
    """What a job runs: a graph, and one array per input of it."""

    graph: Graph
    inputs: tuple[Array, ...]

    @property
    def array_bytes(self) -> int:
        """The bytes that its constants and inputs take in memory."""
        arrays = (*self.graph.constants.values(), *self.inputs)
        return sum(array.nbytes for array in arrays)

    @property
    def cumulative_macs(self) -> tuple[int, ...]:
        """Multiply-adds of operators 0..i, for each i."""
        total, sums = 0, []
        for descriptor in self.graph.descriptors:
            total += descriptor.multiply_adds
            sums.append(total)
        return tuple(sums)


class WorkloadFetcher:
    """Fetches a workload once; keeps its bytes in the store, and the last few parsed.

    Those have `KEPT_BYTES` bytes at most, or one of them alone has more.
    """

    KEPT = 4
    KEPT_BYTES = 1 << 28

    def __init__(self, client: BlobClient, store: BlobStore, lane: ComputeLane) -> None:
        self._client = client
        self._store = store
        self._lane = lane
        self._parsed: dict[bytes, JobWorkload] = {}

    async def get(self, job: WorkloadReference) -> JobWorkload:
        """Returns a job's workload.

        Raises WorkloadError when it is malformed, is not what the chain committed to, or cannot
        be had from the buyer, and an OwnFault where this node cannot fetch or keep it.
        """
        if (known := self._parsed.get(job.manifest)) is not None:
            return known
        try:
            await self._client.fetch_into(
                self._store, job.source, job.manifest.hex(), MANIFEST_BYTES
            )
            manifest = JobManifest.from_bytes(self._store.get(job.manifest.hex()))
            await self._client.fetch_into(self._store, job.source, manifest.graph, GRAPH_BYTES)
            graph = await self._lane.run(self._load_graph, manifest.graph, job.spec_root)
            if len(manifest.inputs) != len(graph.inputs):
                raise WorkloadError(f"{len(manifest.inputs)} inputs for {len(graph.inputs)}")
            for digest, spec in zip(manifest.inputs, graph.inputs, strict=True):
                await self._client.fetch_into(self._store, job.source, digest, spec.stored_bytes)
            inputs = await self._lane.run(self._load_inputs, graph, manifest.inputs)
            if inputs_root([tensor_root(array) for array in inputs]) != job.input_root:
                raise WorkloadError("the inputs' hash is not the job's")
        except (PeerFault, GraphError, LayoutError) as error:
            raise WorkloadError(f"job {job.address}: {error}") from error
        workload = JobWorkload(graph, inputs)
        self._parsed[job.manifest] = workload
        while len(self._parsed) > 1 and self._is_full():
            del self._parsed[next(iter(self._parsed))]
        return workload

    def _is_full(self) -> bool:
        held = sum(each.array_bytes for each in self._parsed.values())
        return len(self._parsed) > self.KEPT or held > self.KEPT_BYTES

    def _load_graph(self, digest: str, spec_root: bytes) -> Graph:
        graph = load(self._store.get(digest))
        if graph.spec_root != spec_root:
            raise WorkloadError("the graph's hash is not the registered one")
        return graph

    def _load_inputs(self, graph: Graph, digests: Sequence[str]) -> tuple[Array, ...]:
        return tuple(
            unpack(self._store.get(digest), spec.shape, spec.dtype)
            for digest, spec in zip(digests, graph.inputs, strict=True)
        )

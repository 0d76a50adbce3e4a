"""A job's workload: its graph and inputs, fetched from its buyer and checked against the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from solders.pubkey import Pubkey

from keeper.compute import Lane
from keeper.data import (
    BlobClient,
    BlobStore,
    JobManifest,
    NamedOutput,
    PeerFault,
    Reservation,
    ReservationKind,
)
from keeper.data.sealing import sealed_bytes
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
    """What a job runs: a graph, one array per input of it, and what is named of its outputs."""

    graph: Graph
    inputs: tuple[Array, ...]
    outputs: tuple[NamedOutput, ...] = ()

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
    """Fetches a workload into the job's reservation in the store; keeps the last few parsed.

    `kind` is that of the reservation. Those that are kept have `KEPT_BYTES` bytes at most, or one
    of them alone has more.
    """

    KEPT = 4
    KEPT_BYTES = 1 << 28

    def __init__(
        self,
        client: BlobClient,
        store: BlobStore,
        lane: Lane,
        kind: ReservationKind = ReservationKind.JOBS,
    ) -> None:
        self._client = client
        self._store = store
        self._kind = kind
        self._lane = lane
        self._parsed: dict[tuple[bytes, bytes, bytes], JobWorkload] = {}

    async def get(self, job: WorkloadReference, *, with_trace: bool = False) -> JobWorkload:
        """Returns a job's workload, when room is set aside for it and it is in the store.

        `with_trace` also sets room aside for the output of every operator. Raises WorkloadError
        when the workload is malformed, is not what the chain committed to, or cannot be had from
        the buyer, and an OwnFault where this node has no room, or cannot fetch or keep it.
        """
        reservation = self._store.reservation(self._kind, str(job.address))
        key = job.manifest, job.spec_root, job.input_root
        known = self._parsed.get(key)
        try:
            listed = job.manifest.hex()
            await self._fetch(reservation, job, listed, MANIFEST_BYTES)
            manifest = JobManifest.from_bytes(self._store.get(listed))
            # How large the graph is shows only now, so its reservation grows while it comes.
            await self._fetch(reservation, job, manifest.graph, GRAPH_BYTES)
            graph = known.graph if known else await self._graph(manifest, job.spec_root)
            manifest.require_operators(len(graph.descriptors))
            if len(manifest.inputs) != len(graph.inputs):
                raise WorkloadError(f"{len(manifest.inputs)} inputs for {len(graph.inputs)}")
            needed = self._needed(listed, manifest, graph, with_trace=with_trace)
            await self._lane.run(reservation.reserve, needed)
            for digest, spec in zip(manifest.inputs, graph.inputs, strict=True):
                await self._fetch(reservation, job, digest, spec.stored_bytes)
            inputs = known.inputs if known else await self._inputs(manifest, graph)
            if known is None and inputs_root([tensor_root(each) for each in inputs]) != key[2]:
                raise WorkloadError("the inputs' hash is not the job's")
        except (PeerFault, GraphError, LayoutError) as error:
            raise WorkloadError(f"job {job.address}: {error}") from error
        workload = known or JobWorkload(graph, inputs, manifest.outputs)
        self._parsed[key] = workload
        while len(self._parsed) > 1 and self._is_full():
            del self._parsed[next(iter(self._parsed))]
        return workload

    async def _fetch(
        self, reservation: Reservation, job: WorkloadReference, digest: str, max_bytes: int
    ) -> None:
        if not await self._lane.run(reservation.adopt, digest):
            await self._client.fetch_into(reservation, job.source, digest, max_bytes)

    def _needed(self, listed: str, manifest: JobManifest, graph: Graph, *, with_trace: bool) -> int:
        """Returns the bytes on disk of a job's data."""
        tensors = [*graph.inputs, *(graph.outputs if with_trace else ())]
        sizes = [
            self._store.size(listed),
            self._store.size(manifest.graph),
            *(spec.stored_bytes for spec in tensors),
        ]
        return sum(map(sealed_bytes, sizes))

    async def _graph(self, manifest: JobManifest, spec_root: bytes) -> Graph:
        return await self._lane.run(self._load_graph, manifest.graph, spec_root)

    async def _inputs(self, manifest: JobManifest, graph: Graph) -> tuple[Array, ...]:
        return await self._lane.run(self._load_inputs, graph, manifest.inputs)

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

"""Results of own jobs, fetched from the providers that committed them."""

from keeper.data import BlobStore, DataError, JobManifest, NamedOutput, ReservationKind, lent
from keeper.exact.decisions.state import JobSnapshot, Stage
from keeper.exact.roles.results import ResultArchive, fetch_result
from keeper.exact.roles.traces import TraceFetcher
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.node.buying.results import Result
from keeper.node.connection import Reading
from keeper.node.errors import WorkloadError
from kernels.graph import Graph, GraphError
from kernels.graph.file import load

Described = tuple[Graph, tuple[NamedOutput, ...]]
"""A job's graph, and which of its operators' outputs are the result."""


class Outputs:
    """Results of jobs. With an archive, each is fetched once for the stages that committed it."""

    def __init__(
        self, reading: Reading, store: BlobStore, archive: ResultArchive | None = None
    ) -> None:
        self._traces = TraceFetcher(reading.client, reading.gateway)
        self._workloads = WorkloadFetcher(
            reading.client, store, reading.lane, ReservationKind.LOANS
        )
        self._lane = reading.lane
        self._store = store
        self._archive = archive

    async def get(self, snapshot: JobSnapshot, stages: tuple[Stage, ...]) -> Result:
        """Returns the result that stages commit to.

        Raises ResultError where a provider does not serve it, WorkloadError where the graph
        cannot be had, and an OwnFault.
        """
        job, archive = snapshot.address, self._archive
        if archive is not None and stages and (held := archive.held(job, stages)) is not None:
            return held
        graph, outputs = await self._described(snapshot)
        result = await fetch_result(self._traces, snapshot, graph, stages, outputs)
        if archive is not None:
            archive.hold(job, stages, result)
        return result

    async def _described(self, snapshot: JobSnapshot) -> Described:
        listed = snapshot.job.manifest.hex()
        try:
            return await self._lane.run(self._own, listed, snapshot.job.spec_root)
        except (DataError, GraphError, WorkloadError):
            # It was posted from another folder, whose process may serve it.
            with lent(self._store, str(snapshot.address)):
                workload = await self._workloads.get(snapshot.job)
                return workload.graph, workload.outputs

    def _own(self, listed: str, spec_root: bytes) -> Described:
        manifest = JobManifest.from_bytes(self._store.get(listed))
        graph = load(self._store.get(manifest.graph))
        if graph.spec_root != spec_root:
            raise WorkloadError("the graph's hash is not the registered one")
        manifest.require_operators(len(graph.descriptors))
        return graph, manifest.outputs

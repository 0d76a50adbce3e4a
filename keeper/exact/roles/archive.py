"""Traces that this node keeps: to prove or to answer with, and to judge a receipt again."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.compute import Lane
from keeper.data import BlobStore, DataError, Reservation, ReservationKind, StageIndex, StageIndexes
from keeper.exact.decisions.state import JobSnapshot, Stage
from keeper.exact.disputes.committed_trace import CommittedTrace, claim_of
from keeper.exact.roles.traces import StoredTrace, TraceFetcher
from keeper.exact.roles.workload import JobWorkload, WorkloadFetcher, WorkloadReference
from keeper.files import replace_atomically
from keeper.node.errors import TraceError

FOLDER = "traces"


@dataclass(frozen=True, slots=True)
class ArchivedJob:
    """What a job's account said of its workload; hashes in lower-case hex."""

    job: str
    source: str
    manifest_digest: str
    spec: str
    inputs: str

    @property
    def address(self) -> Pubkey:
        """The job's address."""
        return Pubkey.from_string(self.job)

    @property
    def manifest(self) -> bytes:
        """SHA-256 of the manifest."""
        return bytes.fromhex(self.manifest_digest)

    @property
    def spec_root(self) -> bytes:
        """The graph's root."""
        return bytes.fromhex(self.spec)

    @property
    def input_root(self) -> bytes:
        """The root over the inputs' roots."""
        return bytes.fromhex(self.inputs)


class TraceArchive:
    """Jobs as files, their outputs in the node's store.

    The workloads of these jobs are in the store too: their fetcher puts them there.
    """

    def __init__(self, folder: Path, store: BlobStore, indexes: StageIndexes) -> None:
        self._jobs = folder / FOLDER
        self.store = store
        self._indexes = indexes

    def keep(self, job: WorkloadReference, indexes: Sequence[StageIndex]) -> None:
        """Keep the stages of a job whose outputs are in the store."""
        for index in indexes:
            self._indexes.put(index)
        kept = ArchivedJob(
            job=str(job.address),
            source=job.source,
            manifest_digest=job.manifest.hex(),
            spec=job.spec_root.hex(),
            inputs=job.input_root.hex(),
        )
        with replace_atomically(self._path(job.address)) as file:
            file.write(json.dumps(asdict(kept), sort_keys=True).encode())

    def job(self, address: Pubkey) -> ArchivedJob | None:
        """Returns a kept job, None when this node does not keep it."""
        try:
            return ArchivedJob(**json.loads(self._path(address).read_bytes()))
        except FileNotFoundError:
            return None

    def forget(self, job: str) -> None:
        """Drop what `keep` wrote about a job, except the indexes of its stages."""
        (self._jobs / f"{job}.json").unlink(missing_ok=True)

    def reservation(self, job: Pubkey) -> Reservation:
        """Returns a job's reservation in the store."""
        return self.store.reservation(ReservationKind.JOBS, str(job))

    def trace(self, job: Pubkey, stages: Sequence[Stage]) -> StoredTrace:
        """Returns every committed output; raises TraceError where one is not here."""
        try:
            indexes = [self._indexes.get(str(job), stage.root.hex()) for stage in stages]
            for index in indexes:
                for digest in index.outputs:
                    self.store.size(digest)
        except DataError as error:
            raise TraceError(f"the data of job {job} are not complete here: {error}") from error
        return StoredTrace.of(self.store, indexes)

    def _path(self, job: Pubkey) -> Path:
        return self._jobs / f"{job}.json"


@dataclass(frozen=True, slots=True)
class TraceLoader:
    """Reads committed traces from the archive, or from the providers that serve them."""

    lane: Lane
    workloads: WorkloadFetcher
    traces: TraceFetcher
    archive: TraceArchive

    async def get(self, snapshot: JobSnapshot) -> CommittedTrace:
        """Returns a job's trace, fetched where it is not kept.

        Raises TraceError and WorkloadError.
        """
        stages = _stages(snapshot)
        workload = await self.workloads.get(snapshot.job)
        try:
            found = await self.lane.run(self.archive.trace, snapshot.job.address, stages)
        except TraceError:
            return await self.fetch(snapshot)
        return _trace(snapshot, workload, found)

    async def fetch(self, snapshot: JobSnapshot) -> CommittedTrace:
        """Fetch what was committed into the store, keep it, and return it.

        Raises TraceError when a provider does not serve it, WorkloadError, and an OwnFault, as when
        there is no room.
        """
        job, stages = snapshot.job, _stages(snapshot)
        workload = await self.workloads.get(job, with_trace=True)
        reservation = self.archive.reservation(job.address)
        indexes = await self.traces.stages(job.address, stages, workload.graph, reservation)
        await self.lane.run(self.archive.keep, job, indexes)
        return _trace(snapshot, workload, StoredTrace.of(self.archive.store, indexes))


def _trace(snapshot: JobSnapshot, workload: JobWorkload, found: StoredTrace) -> CommittedTrace:
    job = snapshot.job
    inputs = (job.input_root, len(workload.graph.inputs))
    claim = claim_of(job.spec_root, job.operators, inputs, _stages(snapshot))
    return CommittedTrace(workload.graph, workload.inputs, found.outputs, claim, found.roots)


def _stages(snapshot: JobSnapshot) -> tuple[Stage, ...]:
    stages = snapshot.verdict.stages if snapshot.verdict is not None else ()
    if not stages:
        raise TraceError(f"nothing is committed for job {snapshot.job.address}")
    return stages

"""Jobs whose data this node keeps: to prove or to answer with, and to judge a receipt again."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.compute import Lane
from keeper.data import BlobStore, DataError, StageIndex, StageIndexes
from keeper.data.files import replace_atomically
from keeper.exact.decisions.state import JobSnapshot, Stage
from keeper.exact.disputes.case import Case, claim_of
from keeper.exact.roles.material import JobMaterial, MaterialSource, Order
from keeper.exact.roles.traces import TraceSource
from keeper.node.errors import CaseError
from kernels.trace import stored_roots


@dataclass(frozen=True, slots=True)
class KeptOrder:
    """A job's order as its account had it; hashes in lower-case hex."""

    job: str
    source: str
    manifest_digest: str
    spec: str
    inputs: str

    @property
    def address(self) -> Pubkey:
        """The job's."""
        return Pubkey.from_string(self.job)

    @property
    def manifest(self) -> bytes:
        """SHA-256 of the manifest."""
        return bytes.fromhex(self.manifest_digest)

    @property
    def spec_root(self) -> bytes:
        """The graph's."""
        return bytes.fromhex(self.spec)

    @property
    def input_root(self) -> bytes:
        """Over the inputs' roots."""
        return bytes.fromhex(self.inputs)


class CaseShelf:
    """Orders as files, outputs in the node's store; material is put there by its source."""

    def __init__(self, folder: Path, store: BlobStore, indexes: StageIndexes) -> None:
        self._orders = folder / "cases"
        self._store = store
        self._indexes = indexes

    def keep(self, order: Order, stages: Sequence[Stage], outputs: Sequence[bytes]) -> None:
        """Keep what was committed; raises QuotaExceededError."""
        for stage in stages:
            stored = outputs[stage.first : stage.last]
            self._indexes.put(
                StageIndex(
                    job=str(order.address),
                    first=stage.first,
                    last=stage.last,
                    root=stage.root.hex(),
                    outputs=tuple(self._store.put(output) for output in stored),
                    tensor_roots=tuple(root.hex() for root in stored_roots(stored)),
                )
            )
        kept = KeptOrder(
            job=str(order.address),
            source=order.source,
            manifest_digest=order.manifest.hex(),
            spec=order.spec_root.hex(),
            inputs=order.input_root.hex(),
        )
        with replace_atomically(self._path(order.address)) as file:
            file.write(json.dumps(asdict(kept), sort_keys=True).encode())

    def order(self, job: Pubkey) -> KeptOrder | None:
        """A job's order, None when the node does not keep it."""
        try:
            return KeptOrder(**json.loads(self._path(job).read_bytes()))
        except FileNotFoundError:
            return None

    def outputs(self, job: Pubkey, stages: Sequence[Stage]) -> list[bytes]:
        """Canonical bytes of every committed output; raises CaseError."""
        found: list[bytes] = []
        try:
            for stage in stages:
                index = self._indexes.get(str(job), stage.root.hex())
                found += [self._store.get(digest) for digest in index.outputs]
        except DataError as error:
            raise CaseError(f"the data of job {job} are not complete here: {error}") from error
        return found

    def _path(self, job: Pubkey) -> Path:
        return self._orders / f"{job}.json"


@dataclass(frozen=True, slots=True)
class CaseSource:
    """Opens jobs as cases, from what is kept or from who serves it."""

    lane: Lane
    material: MaterialSource
    traces: TraceSource
    shelf: CaseShelf

    async def get(self, snapshot: JobSnapshot) -> Case:
        """A kept case, else a fetched one; raises CaseError, MaterialError."""
        stages = _stages(snapshot)
        material = await self.material.get(snapshot.job)
        try:
            outputs = await self.lane.run(self.shelf.outputs, snapshot.job.address, stages)
        except CaseError:
            return await self.fetch(snapshot)
        return _case(snapshot, material, outputs)

    async def fetch(self, snapshot: JobSnapshot) -> Case:
        """Fetch what was committed, and keep it.

        Raises CaseError when somebody does not serve it or there is no room, MaterialError.
        """
        job, stages = snapshot.job, _stages(snapshot)
        material = await self.material.get(job)
        served: list[bytes | None] = []
        for stage in stages:
            served += await self.traces.stage(job.address, stage, material.graph)
        outputs = [output for output in served if output is not None]
        if len(outputs) != len(served):
            raise CaseError(
                f"operator {served.index(None)} of job {job.address} is not served; only data "
                "that are at hand can be proven wrong"
            )
        await self.keep(snapshot, outputs)
        return _case(snapshot, material, outputs)

    async def keep(self, snapshot: JobSnapshot, outputs: Sequence[bytes]) -> None:
        """Keep outputs that are at hand; raises CaseError where there is no room."""
        try:
            await self.lane.run(self.shelf.keep, snapshot.job, _stages(snapshot), outputs)
        except DataError as error:
            raise CaseError(f"job {snapshot.job.address} cannot be kept: {error}") from error


def _case(snapshot: JobSnapshot, material: JobMaterial, outputs: Sequence[bytes]) -> Case:
    job = snapshot.job
    inputs = (job.input_root, len(material.graph.inputs))
    claim = claim_of(job.spec_root, job.operators, inputs, _stages(snapshot))
    return Case(material.graph, material.inputs, outputs, claim)


def _stages(snapshot: JobSnapshot) -> tuple[Stage, ...]:
    stages = snapshot.verdict.stages if snapshot.verdict is not None else ()
    if not stages:
        raise CaseError(f"nothing is committed for job {snapshot.job.address}")
    return stages

"""Jobs whose data this node keeps: to prove with, and to judge a receipt again later."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.data import BlobStore, DataError, StageIndex, StageIndexes
from keeper.data.files import replace_atomically
from keeper.jobs.state import Stage
from keeper.roles.errors import CaseError
from keeper.roles.material import Order
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

"""What the roles of one process share: the chain, the journal, the compute lane, the data."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from solders.keypair import Keypair

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.compute import ComputeLane
from keeper.configuration import Serving
from keeper.data import BlobClient, BlobStore, StageIndexes, SumsSource, open_client
from keeper.errors import PortInUseError
from keeper.journal import Journal, Operation
from keeper.node.folder import open_folder
from keeper.node.occupancy import Role, occupied

JOURNAL_FILE = "journal.sqlite"


@dataclass(frozen=True, slots=True)
class Services:
    """What `open_services` opens; `poll_seconds` is the pause between polls of the chain.

    `folder` is where the node keeps what belongs to the gateway's chain.
    """

    gateway: Gateway
    folder: Path
    journal: Journal
    lane: ComputeLane
    client: BlobClient
    poll_seconds: float

    def submitter(self, payer: Keypair) -> Submitter:
        """Returns a submitter for one key."""
        return Submitter(self.gateway, self.journal, payer, poll_seconds=self.poll_seconds)


@dataclass(frozen=True, slots=True)
class Storage:
    """One node's blobs in `folder`, served at `url`, and what is listed about jobs and tasks.

    Outputs stay for `retention_seconds` after the end of a job or task. `serving` is what the node
    serves by, with the port that it listens on. A provider connects `sums`.
    """

    folder: Path
    store: BlobStore
    indexes: StageIndexes
    tasks: StageIndexes
    url: str
    retention_seconds: float
    serving: Serving
    sums: SumsSource


def abandoned_operations(folder: Path) -> list[Operation]:
    """Returns what processes left under way in a folder's journal that are gone, or gave up.

    The folder is the chain's. Raises JournalError.
    """
    path = folder / JOURNAL_FILE
    if not path.exists():
        return []
    with Journal(path) as journal:
        return journal.abandoned()


@asynccontextmanager
async def open_services(
    gateway: Gateway,
    folder: Path,
    poll_seconds: float,
    *,
    allow_private: bool,
    fresh: bool = False,
    role: Role | None = None,
) -> AsyncIterator[Services]:
    """Open everything; entering the gateway checks the cluster and raises ChainError.

    `allow_private` permits fetching from addresses that are not public. Raises OtherChainError
    where the folder belongs to another chain, unless `fresh` asks for a folder within it, and
    RoleTakenError where another process has the `role` on it.
    """
    async with gateway, open_client(allow_private=allow_private) as client:
        own = open_folder(folder, gateway.genesis_hash, gateway.url, fresh=fresh)
        with (
            nullcontext() if role is None else occupied(own, role),
            Journal(own / JOURNAL_FILE) as journal,
            ComputeLane() as lane,
        ):
            yield Services(gateway, own, journal, lane, client, poll_seconds)


class Announced:
    """Servers of a folder's store at the addresses that earlier processes announced."""

    def __init__(self, folder: Path, store: BlobStore) -> None:
        self._folder = folder
        self._store = store
        self._places: set[tuple[str, int]] = set()
        self._servers = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._servers.aclose()

    async def serve(self, host: str, port: int) -> None:
        """Serve at an address until the end, unless this or another process listens there."""
        # Loads an HTTP server, which only those need who serve.
        from keeper.data.server import serve_data  # noqa: PLC0415

        if (host, port) in self._places:
            return
        self._places.add((host, port))
        indexes = StageIndexes(self._folder)
        with suppress(PortInUseError):
            await self._servers.enter_async_context(serve_data(self._store, indexes, host, port))


@asynccontextmanager
async def open_storage(folder: Path, serving: Serving) -> AsyncIterator[Storage]:
    """Open a store, drop what a crash left in it, and serve it.

    Raises PortInUseError, StoreKeyError, and CorruptBlobError where a record is damaged.
    """
    # Loads an HTTP server, which only those need who serve.
    from keeper.data.server import serve_data  # noqa: PLC0415

    store, indexes = BlobStore(folder, serving.quota_bytes), StageIndexes(folder)
    store.sweep()
    tasks = StageIndexes(folder, "tasks")
    sums = SumsSource()
    host, port = serving.host, serving.port
    async with serve_data(store, indexes, host, port, tasks, sums=sums) as url:
        yield Storage(
            folder,
            store,
            indexes,
            tasks,
            serving.public_url or url,
            serving.retention_seconds,
            replace(serving, port=urlsplit(url).port or serving.port),
            sums,
        )

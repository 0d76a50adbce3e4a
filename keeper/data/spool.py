"""The blobs of one job, on disk: fetched for it, read one at a time, dropped after it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self, overload

from keeper.data.store import BlobStore, BlobWriter, Reservation, digest_of


class BlobReader(Protocol):
    """Where blobs are read from: a store."""

    def get(self, digest: str) -> bytes:
        """Returns a whole blob; raises an OwnFault where it cannot be read."""
        ...


class Spool:
    """Takes the blobs that one job needs into a store, or into the job's reservation in it.

    As an asynchronous context manager it removes what it took at the end of the block, unless
    `keep` was called. What the store already had stays there.
    """

    def __init__(self, store: BlobStore | Reservation) -> None:
        self._store = store
        self._taken: set[str] = set()

    def __contains__(self, digest: str) -> bool:
        return digest in self._store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._drop)

    @contextmanager
    def writer(self, digest: str) -> Iterator[BlobWriter]:
        """Yield a writer whose blob appears only if it hashes to `digest`.

        Raises what `BlobStore.writer` raises.
        """
        with self._store.writer(digest) as writer:
            yield writer
        self._taken.add(digest)

    def get(self, digest: str) -> bytes:
        """Returns a whole blob. Raises BlobMissingError or CorruptBlobError."""
        return self._store.get(digest)

    def put(self, data: bytes) -> str:
        """Take a blob and return its digest. Raises what `writer` raises."""
        digest = digest_of(data)
        if digest not in self:
            with self.writer(digest) as writer:
                writer.write(data)
        return digest

    def keep(self) -> None:
        """Leave what was taken in the store."""
        self._taken.clear()

    def _drop(self) -> None:
        for digest in self._taken:
            self._store.remove(digest)


class StoredBlobs(Sequence[bytes]):
    """Blobs in order, each read when it is asked for and kept nowhere."""

    def __init__(self, store: BlobReader, digests: Sequence[str]) -> None:
        self._store = store
        self._digests = tuple(digests)

    def __len__(self) -> int:
        return len(self._digests)

    @overload
    def __getitem__(self, at: int) -> bytes: ...

    @overload
    def __getitem__(self, at: slice) -> "StoredBlobs": ...

    def __getitem__(self, at: int | slice) -> "bytes | StoredBlobs":
        """Returns a blob, or several unread; raises BlobMissingError or CorruptBlobError."""
        if isinstance(at, slice):
            return StoredBlobs(self._store, self._digests[at])
        return self._store.get(self._digests[at])

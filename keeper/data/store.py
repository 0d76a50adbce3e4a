"""Blobs on disk, named by SHA-256, encrypted at rest, within a quota.

Each job has a reservation in the store: bytes that are set aside for it before it is taken, and the
list of the blobs that it needs. A blob stays as long as some reservation lists it.
"""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from keeper.data.errors import (
    BlobMissingError,
    DigestMismatchError,
    StorageError,
)
from keeper.data.reservations import Ledger, ReservationKey, ReservationKind
from keeper.data.sealing import (
    CHUNK_BYTES,
    HEADER_BYTES,
    TAG_BYTES,
    BlobCipher,
    plain_bytes,
)
from keeper.data.store_key import load_store_key
from keeper.files import remove_partials, replace_atomically, sync_directory
from keeper.locks import Locks

DIGEST = re.compile(r"[0-9a-f]{64}")
KEY_FILE = "store.key"
USES = "in-use"


def digest_of(data: bytes | memoryview) -> str:
    """Returns the SHA-256 of `data` in lower-case hex, which is a blob's address."""
    return sha256(data).hexdigest()


class BlobWriter:
    """Accepts a blob in pieces; the store names the file once the digest matches."""

    def __init__(self, file: BinaryIO, cipher: BlobCipher, reserve: Callable[[int], None]) -> None:
        self._file = file
        self._cipher = cipher
        self._reserve = reserve
        self._hash = sha256()
        self._pending = bytearray()
        self._index = 0
        self._emit(cipher.header)

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`. Raises QuotaExceededError when the store is full."""
        self._hash.update(data)
        self._pending += data
        while len(self._pending) > CHUNK_BYTES:
            self._seal(CHUNK_BYTES, last=False)

    def finish(self) -> str:
        """Seal the last chunk and tell the digest of everything written."""
        self._seal(len(self._pending), last=True)
        return self._hash.hexdigest()

    def _seal(self, size: int, last: bool) -> None:
        chunk = bytes(self._pending[:size])
        del self._pending[:size]
        self._emit(self._cipher.seal(self._index, last, chunk))
        self._index += 1

    def _emit(self, data: bytes) -> None:
        self._reserve(len(data))
        self._file.write(data)


class BlobStore:
    """A directory of blobs; safe to use from several threads and processes.

    `clock` returns seconds since 1970.
    """

    def __init__(
        self, root: Path, quota_bytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        self.root = root
        self._blobs = root / "blobs"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self._uses = Locks(root / USES)
        self.kept: set[ReservationKey] = set()
        remove_partials(self._blobs)
        self.ledger = Ledger(root, quota_bytes, self._sizes)
        with self.ledger.lock:
            self._key = load_store_key(root / KEY_FILE)

    @property
    def quota_bytes(self) -> int:
        """The most bytes on disk."""
        return self.ledger.quota_bytes

    @property
    def used_bytes(self) -> int:
        """The bytes used on disk, headers and tags included."""
        return self.ledger.used

    @property
    def free_bytes(self) -> int:
        """The bytes that are neither used nor set aside for a job."""
        return self.ledger.free

    def reservation(self, kind: ReservationKind, name: str) -> "Reservation":
        """Returns the reservation of a job; it exists once something is reserved or listed."""
        return Reservation(self, kind, name)

    def reservations(self, kind: ReservationKind) -> list["Reservation"]:
        """Returns every reservation of a kind that exists."""
        return [
            Reservation(self, kind, name)
            for each, name in self.ledger.reservations()
            if each is kind
        ]

    @contextmanager
    def in_use(self, name: str) -> Iterator[None]:
        """Keep other processes from dropping the data of a job while the block runs.

        Raises StorageError where another one uses, or drops, them.
        """
        used = self._uses.take(name)
        if used is None:
            process, _ = self._uses.holder(name) or ("another", "")
            raise StorageError(
                f"process {process} is at work on the data of {name}; try again once it has ended"
            )
        with used:
            yield

    def sweep(self) -> int:
        """Remove every blob that no reservation lists, and return how many bytes that freed.

        A role calls it at its start: a crash may have left such blobs, and loans that nobody uses.
        """
        for loan in self.reservations(ReservationKind.LOANS):
            with suppress(StorageError), self.in_use(loan.name):
                loan.release()
        with self.ledger.lock:
            before = self.ledger.used
            self.discard(path.name for path in self._stored())
            return before - self.ledger.used

    def discard(self, digests: Iterable[str]) -> None:
        """Remove those of the blobs that no reservation lists."""
        with self.ledger.lock:
            for digest in digests:
                if not self.ledger.is_listed(digest):
                    self._unlink(digest)

    def __contains__(self, digest: str) -> bool:
        return self._path(digest).is_file()

    def put(self, data: bytes | memoryview) -> str:
        """Store `data` and return its digest. Raises QuotaExceededError when the store is full."""
        digest = digest_of(data)
        if digest not in self:
            with self.writer(digest) as writer:
                writer.write(data)
        return digest

    @contextmanager
    def writer(
        self, digest: str, reservation: ReservationKey | None = None
    ) -> Iterator[BlobWriter]:
        """Yield a writer whose blob appears only if it hashes to `digest`.

        Otherwise raises DigestMismatchError and leaves nothing behind. What is set aside for the
        reservation is used first. Raises StorageError where the disk refuses a write.
        """
        path = self._path(digest)
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            self.ledger.take(size, reservation)
            taken += size

        try:
            with replace_atomically(path) as file:
                writer = BlobWriter(file, BlobCipher.create(self._key, bytes.fromhex(digest)), take)
                yield writer
                actual = writer.finish()
                if actual != digest:
                    raise DigestMismatchError(f"expected {digest}, the bytes hash to {actual}")
        except OSError as error:
            self.ledger.give_back(taken, reservation)
            raise StorageError(f"this node's disk refuses a blob: {error}") from error
        except BaseException:
            self.ledger.give_back(taken, reservation)
            raise
        with self.ledger.lock:
            self.ledger.wrote(digest, taken, reservation)
            if reservation is not None:
                # Its reservation may have been released meanwhile.
                self.discard([digest])

    def file_bytes(self, digest: str) -> int | None:
        """Returns the bytes on disk of a blob, None where the store does not hold it."""
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def size(self, digest: str) -> int:
        """Returns the length of a blob in bytes. Raises BlobMissingError."""
        try:
            return plain_bytes(self._path(digest).stat().st_size)
        except FileNotFoundError:
            raise _missing(digest) from None

    def get(self, digest: str) -> bytes:
        """Returns a whole blob. Raises BlobMissingError or CorruptBlobError."""
        return self.read(digest, 0, self.size(digest))

    def read(self, digest: str, start: int, stop: int) -> bytes:
        """Returns bytes start..stop of a blob, decrypting only the chunks that hold them.

        Raises BlobMissingError, CorruptBlobError, or ValueError when the range is outside the blob.
        """
        try:
            with self._path(digest).open("rb") as file:
                return self._read(file, digest, start, stop)
        except FileNotFoundError:
            raise _missing(digest) from None

    def remove(self, digest: str) -> None:
        """Remove a blob, if the store holds it, whichever reservations list it."""
        with self.ledger.lock:
            removed = self._unlink(digest)
        if removed:
            sync_directory(self._path(digest).parent)

    def _read(self, file: BinaryIO, digest: str, start: int, stop: int) -> bytes:
        cipher = BlobCipher.of_header(self._key, bytes.fromhex(digest), file.read(HEADER_BYTES))
        length = plain_bytes(os.fstat(file.fileno()).st_size)
        if not 0 <= start <= stop <= length:
            raise ValueError(f"range {start}..{stop} is outside {length} bytes")
        last = max(0, -(-length // CHUNK_BYTES) - 1)
        first_chunk = min(start // CHUNK_BYTES, last)
        final_chunk = max(first_chunk, (stop - 1) // CHUNK_BYTES)
        file.seek(HEADER_BYTES + first_chunk * (CHUNK_BYTES + TAG_BYTES))
        plain = b"".join(
            cipher.open(index, index == last, file.read(CHUNK_BYTES + TAG_BYTES))
            for index in range(first_chunk, final_chunk + 1)
        )
        offset = first_chunk * CHUNK_BYTES
        return plain[start - offset : stop - offset]

    def _path(self, digest: str) -> Path:
        if DIGEST.fullmatch(digest) is None:
            raise ValueError(f"{digest!r} is not a SHA-256 in lower-case hex")
        return self._blobs / digest[:2] / digest

    def _stored(self) -> list[Path]:
        return [path for path in self._blobs.glob("??/*") if DIGEST.fullmatch(path.name)]

    def _sizes(self) -> Iterator[tuple[str, int]]:
        return ((path.name, path.stat().st_size) for path in self._stored())

    def _unlink(self, digest: str) -> bool:
        if digest not in self:
            return False
        self.ledger.mark()
        self._path(digest).unlink()
        self.ledger.removed(digest)
        return True


class Reservation:
    """The reservation of one job in a store.

    It survives a restart. Fetched blobs are written to it, so that they are counted against what
    was set aside and are kept for the job.
    """

    def __init__(self, store: BlobStore, kind: ReservationKind, name: str) -> None:
        self._store = store
        self._ledger = store.ledger
        self._key: ReservationKey = kind, name

    @property
    def name(self) -> str:
        """The address, or the manifest's digest, that the reservation is named by."""
        return self._key[1]

    @property
    def exists(self) -> bool:
        """Whether anything is reserved or listed."""
        return self._ledger.exists(self._key)

    @property
    def until(self) -> float | None:
        """Seconds since 1970 at which the reservation is given up, None where that is unknown."""
        return self._ledger.until(self._key)

    @property
    def expired(self) -> bool:
        """Whether the time for which the reservation is retained has passed."""
        until = self.until
        return until is not None and self._store.clock() >= until

    def __contains__(self, digest: str) -> bool:
        return self._ledger.lists(self._key, digest) and digest in self._store

    def reserve(self, size: int) -> None:
        """Set at least `size` bytes on disk aside, in all, with what the reservation's blobs use.

        Raises QuotaExceededError where they are not free and StorageError where the disk refuses
        the record, and then changes nothing.
        """
        self._ledger.reserve(self._key, size)

    def adopt(self, digest: str) -> bool:
        """List a blob as needed; returns whether the store holds it already."""
        with self._ledger.lock:
            size = self._store.file_bytes(digest)
            self._ledger.list(self._key, digest, size)
            return size is not None

    @contextmanager
    def writer(self, digest: str) -> Iterator[BlobWriter]:
        """Yield a writer whose blob is listed, and appears only if it hashes to `digest`.

        Raises what `BlobStore.writer` raises.
        """
        self.adopt(digest)
        with self._store.writer(digest, self._key) as writer:
            yield writer

    def put(self, data: bytes | memoryview) -> str:
        """Store `data`, list it, and return its digest. Raises what `writer` raises."""
        digest = digest_of(data)
        if not self.adopt(digest):
            with self.writer(digest) as writer:
                writer.write(data)
        return digest

    def get(self, digest: str) -> bytes:
        """Returns a whole blob. Raises BlobMissingError or CorruptBlobError."""
        return self._store.get(digest)

    def remove(self, digest: str) -> None:
        """Take a blob off the list, and remove it unless another reservation lists it."""
        with self._ledger.lock:
            self._ledger.unlist(self._key, digest)
            self._store.discard([digest])

    def retain(self, seconds: float) -> None:
        """Give the reservation up after so many seconds, and what is set aside but unused at once.

        A time that was set before stays. Does nothing where the reservation does not exist.
        """
        if self.until is None:
            self._ledger.retain(self._key, self._store.clock() + seconds)

    def keep(self) -> None:
        """Take back what `retain` said."""
        self._store.kept.add(self._key)
        self._ledger.retain(self._key, None)

    @property
    def was_kept(self) -> bool:
        """Whether this process has called `keep` for it."""
        return self._key in self._store.kept

    def release(self) -> None:
        """Give the reservation up, and remove the blobs that no other reservation lists."""
        with self._ledger.lock:
            self._store.kept.discard(self._key)
            self._store.discard(self._ledger.forget(self._key))


@contextmanager
def lent(store: BlobStore, name: str) -> Iterator[Reservation]:
    """Yield a reservation for what a command needs of a job as long as it runs.

    Blobs that the store has already stay as they are. Raises StorageError where another process is
    at work on the job's data.
    """
    with store.in_use(name):
        reservation = store.reservation(ReservationKind.LOANS, name)
        try:
            yield reservation
        finally:
            reservation.release()


def _missing(digest: str) -> BlobMissingError:
    return BlobMissingError(f"no blob {digest} in the store")

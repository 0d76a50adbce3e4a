"""Blobs on disk, named by SHA-256, encrypted at rest, within a quota."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from keeper.data.errors import (
    BlobMissingError,
    DigestMismatchError,
    QuotaExceededError,
    StoreKeyError,
)
from keeper.data.files import (
    create_private,
    readable_by_others,
    replace_atomically,
    sync_directory,
)
from keeper.data.sealing import (
    CHUNK_BYTES,
    HEADER_BYTES,
    KEY_BYTES,
    TAG_BYTES,
    BlobCipher,
    plain_bytes,
)

DIGEST = re.compile(r"[0-9a-f]{64}")
KEY_FILE = "store.key"


def digest_of(data: bytes | memoryview) -> str:
    """Returns the SHA-256 of `data` in lower-case hex, which is a blob's address."""
    return sha256(data).hexdigest()


def load_store_key(path: Path) -> bytes:
    """Returns the 32-byte key of a store, created with mode 0600 on first use.

    Raises StoreKeyError when others may read the file or its length is wrong.
    """
    with suppress(FileExistsError):
        create_private(path, os.urandom(KEY_BYTES))
    if readable_by_others(path):
        raise StoreKeyError(f"{path} may be read by others; run: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StoreKeyError(f"{path} holds {len(key)} bytes, a store key has {KEY_BYTES}")
    return key


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
    """A directory of blobs; safe to use from several threads of one process."""

    def __init__(self, root: Path, quota_bytes: int) -> None:
        self._blobs = root / "blobs"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._key = load_store_key(root / KEY_FILE)
        self._lock = Lock()
        self.quota_bytes = quota_bytes
        for partial in self._blobs.rglob(".partial-*"):
            partial.unlink()
        self._used = sum(path.stat().st_size for path in self._blobs.rglob("*") if path.is_file())

    @property
    def used_bytes(self) -> int:
        """The bytes used on disk, headers and tags included."""
        return self._used

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
    def writer(self, digest: str) -> Iterator[BlobWriter]:
        """Yield a writer whose blob appears only if it hashes to `digest`.

        Otherwise raises DigestMismatchError and leaves nothing behind.
        """
        path = self._path(digest)
        reserved = 0

        def reserve(size: int) -> None:
            nonlocal reserved
            self._take(size)
            reserved += size

        try:
            with replace_atomically(path) as file:
                writer = BlobWriter(
                    file, BlobCipher.create(self._key, bytes.fromhex(digest)), reserve
                )
                yield writer
                actual = writer.finish()
                if actual != digest:
                    raise DigestMismatchError(f"expected {digest}, the bytes hash to {actual}")
                replaced = path.stat().st_size if path.is_file() else 0
        except BaseException:
            self._give_back(reserved)
            raise
        self._give_back(replaced)

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
        """Remove a blob, if the store holds it."""
        path = self._path(digest)
        with self._lock:
            if not path.is_file():
                return
            size = path.stat().st_size
            path.unlink()
            self._used -= size
        sync_directory(path.parent)

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

    def _take(self, size: int) -> None:
        with self._lock:
            if self._used + size > self.quota_bytes:
                raise QuotaExceededError(
                    f"the store holds {self._used} of {self.quota_bytes} bytes; raise its quota"
                )
            self._used += size

    def _give_back(self, size: int) -> None:
        with self._lock:
            self._used -= size


def _missing(digest: str) -> BlobMissingError:
    return BlobMissingError(f"no blob {digest} in the store")

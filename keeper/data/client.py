"""Fetches blobs from untrusted peers: hashes while streaming, bounds size and time."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import aiohttp
from yarl import URL

from keeper.data.errors import (
    BlobTooLargeError,
    DigestMismatchError,
    SourceUnavailableError,
)
from keeper.data.manifest import StageIndex
from keeper.data.store import BlobStore

PIECE_BYTES = 1 << 16
INDEX_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """Bounds of one transfer; `resumes` is how often a broken one continues by a range request."""

    max_bytes: int = 1 << 30
    total_seconds: float = 120.0
    silence_seconds: float = 10.0
    resumes: int = 2


class BlobClient:
    """Reads blobs and stage indexes.

    Redirects are not followed, so that a peer cannot point at this host's own network.
    """

    def __init__(
        self, session: aiohttp.ClientSession, limits: TransferLimits | None = None
    ) -> None:
        self._session = session
        self._limits = limits or TransferLimits()

    async def fetch(self, source: str, digest: str, max_bytes: int | None = None) -> bytes:
        """Returns a whole blob.

        Raises DigestMismatchError, BlobTooLargeError or SourceUnavailableError.
        """
        received = bytearray()
        await self._transfer(source, digest, received.extend, max_bytes)
        return bytes(received)

    async def fetch_into(
        self, store: BlobStore, source: str, digest: str, max_bytes: int | None = None
    ) -> None:
        """Fetch a blob into `store` unless it is there already.

        Raises what `fetch` raises, and QuotaExceededError when the store is full.
        """
        if digest not in store:
            with store.writer(digest) as writer:
                await self._transfer(source, digest, writer.write, max_bytes)

    async def fetch_index(self, source: str, job: str, root: str, kind: str = "jobs") -> StageIndex:
        """Returns a provider's index of a job's stage, or of a task's output (kind "tasks").

        Raises MalformedDocumentError when the answer is not an index, DigestMismatchError when it
        is the index of another stage, SourceUnavailableError when there is no answer.
        """
        body = bytearray()
        await self._stream(
            _url(source, kind, job, root), 0, body.extend, _Budget(INDEX_BYTES, root)
        )
        index = StageIndex.from_bytes(bytes(body))
        if (index.job, index.root) != (job, root):
            raise DigestMismatchError(f"{source} serves the index of another stage for {root}")
        return index

    async def _transfer(
        self, source: str, digest: str, write: Callable[[bytes], None], max_bytes: int | None
    ) -> None:
        url = _url(source, "blobs", digest)
        budget = _Budget(self._limits.max_bytes if max_bytes is None else max_bytes, digest)
        hashed = sha256()

        def take(piece: bytes) -> None:
            hashed.update(piece)
            write(piece)

        for attempt in range(self._limits.resumes + 1):
            before = budget.received
            try:
                await self._stream(url, before, take, budget)
                break
            except SourceUnavailableError:
                if attempt == self._limits.resumes or budget.received == before:
                    raise
        if hashed.hexdigest() != digest:
            raise DigestMismatchError(
                f"{source} was asked for {digest}, its bytes hash to {hashed.hexdigest()}"
            )

    async def _stream(
        self, url: URL, start: int, take: Callable[[bytes], None], budget: "_Budget"
    ) -> None:
        timeout = aiohttp.ClientTimeout(
            total=self._limits.total_seconds,
            sock_connect=self._limits.silence_seconds,
            sock_read=self._limits.silence_seconds,
        )
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        try:
            async with self._session.get(
                url, timeout=timeout, headers=headers, allow_redirects=False
            ) as response:
                if response.status != (206 if start else 200):
                    raise SourceUnavailableError(f"{url} answers {response.status}")
                async for piece in response.content.iter_chunked(PIECE_BYTES):
                    budget.spend(len(piece))
                    take(piece)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SourceUnavailableError(f"{url}: {error or type(error).__name__}") from error


class _Budget:
    def __init__(self, max_bytes: int, name: str) -> None:
        self.received = 0
        self._max_bytes = max_bytes
        self._name = name

    def spend(self, size: int) -> None:
        self.received += size
        if self.received > self._max_bytes:
            raise BlobTooLargeError(f"{self._name} passes {self._max_bytes} bytes")


def _url(source: str, *parts: str) -> URL:
    try:
        base = URL(source)
    except ValueError as error:
        raise SourceUnavailableError(f"{source!r} is not a URL: {error}") from error
    if base.scheme not in ("http", "https") or not base.host:
        raise SourceUnavailableError(f"{source!r} is not an http URL")
    return base.joinpath(*parts)

"""Fetches from untrusted peers: checks addresses, hashes while streaming, bounds size and time.

Everything that a node fetches from a URL which another party named goes through this client.
"""

import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol, cast

from yarl import URL

from keeper.data.errors import (
    BlobTooLargeError,
    DigestMismatchError,
    EncodingRefusedError,
    NetworkError,
    RedirectRefusedError,
    SlowPeerError,
    SourceUnavailableError,
)
from keeper.data.manifest import StageIndex
from keeper.data.network import has_route, is_local
from keeper.data.resolver import CheckedResolver, Lookup, system_lookup
from keeper.data.sources import parse_source
from keeper.data.store import BlobWriter

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from aiohttp.abc import AbstractResolver

PIECE_BYTES: Final = 1 << 16
INDEX_BYTES: Final = 1 << 16
NO_BLOB: Final = "0" * 64
"""A digest that no blob has."""
# What a body may be encoded with, and how it may be framed.
ENCODINGS: Final = {"Content-Encoding": {"identity"}, "Transfer-Encoding": {"identity", "chunked"}}

Clock = Callable[[], float]


class BlobSink(Protocol):
    """Where fetched blobs go: a store."""

    def __contains__(self, digest: str) -> bool: ...

    def writer(self, digest: str) -> AbstractContextManager[BlobWriter]:
        """Returns a writer whose blob appears only if it hashes to `digest`."""
        ...


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """Bounds of one transfer; `resumes` is how often a broken one continues by a range request.

    `silence_seconds` bounds a lookup, a connection, and the wait for the next bytes. A peer that
    kept the node waiting for longer in sum must have sent `least_rate` bytes per second of it.
    """

    max_bytes: int = 1 << 30
    total_seconds: float = 120.0
    silence_seconds: float = 10.0
    least_rate: int = 1 << 14
    resumes: int = 2


@asynccontextmanager
async def open_client(
    *,
    allow_private: bool,
    limits: TransferLimits | None = None,
    lookup: Lookup = system_lookup,
    clock: Clock = monotonic,
) -> AsyncIterator["BlobClient"]:
    """Yield a client with connections of its own.

    `allow_private` lets it reach addresses that are not public, as a network on one machine needs.
    """
    limits = limits or TransferLimits()
    resolver = CheckedResolver(
        allow_private=allow_private, seconds=limits.silence_seconds, lookup=lookup
    )
    client = BlobClient(resolver, limits, clock, allow_private=allow_private)
    try:
        yield client
    finally:
        await client.close()
        await resolver.close()


class BlobClient:
    """Reads blobs and stage indexes; `open_client` makes one.

    Redirects are not followed, so that a peer cannot point at this host's own network. What fails
    raises a PeerFault where the peer is to blame, and an OwnFault where this node is.
    """

    def __init__(
        self,
        resolver: CheckedResolver,
        limits: TransferLimits,
        clock: Clock,
        *,
        allow_private: bool,
    ) -> None:
        self._resolver = resolver
        self._opened: ClientSession | None = None
        self._limits = limits
        self._clock = clock
        self.allow_private = allow_private

    async def close(self) -> None:
        """Close all connections."""
        if self._opened is not None:
            await self._opened.close()

    async def fetch(self, source: str, digest: str, max_bytes: int | None = None) -> bytes:
        """Returns a whole blob.

        Raises DigestMismatchError, BlobTooLargeError, SourceUnavailableError or NetworkError.
        """
        received = bytearray()
        await self._transfer(source, digest, received.extend, max_bytes)
        hashed = sha256(received).hexdigest()
        if hashed != digest:
            raise DigestMismatchError(
                f"{source} was asked for {digest}, its bytes hash to {hashed}"
            )
        return bytes(received)

    async def fetch_into(
        self, store: BlobSink, source: str, digest: str, max_bytes: int | None = None
    ) -> None:
        """Fetch a blob into `store` unless it is there already, a piece in memory at a time.

        Raises what `fetch` raises, QuotaExceededError when the store is full, and StorageError when
        the disk refuses it.
        """
        if digest not in store:
            with store.writer(digest) as writer:
                await self._transfer(source, digest, writer.write, max_bytes)

    async def fetch_index(self, source: str, job: str, root: str, kind: str = "jobs") -> StageIndex:
        """Returns a provider's index of a job's stage, or of a task's output (kind "tasks").

        Raises MalformedDocumentError when the answer is not an index, DigestMismatchError when it
        is the index of another stage, SourceUnavailableError when there is no answer.
        """
        url = self._url(source, kind, job, root)
        body = bytearray()
        await self._stream(url, 0, body.extend, _Budget(INDEX_BYTES, root))
        index = StageIndex.from_bytes(bytes(body))
        if (index.job, index.root) != (job, root):
            raise DigestMismatchError(f"{source} serves the index of another stage for {root}")
        return index

    async def fetch_sums(
        self, source: str, stage: StageIndex, operator: int, max_bytes: int
    ) -> bytes:
        """Returns what a provider tells of an operator's sums, which no digest vouches for.

        Raises BlobTooLargeError, SourceUnavailableError or NetworkError.
        """
        url = self._url(source, "jobs", stage.job, stage.root, "sums", str(operator))
        told = bytearray()
        await self._stream(url, 0, told.extend, _Budget(max_bytes, f"operator {operator}"))
        return bytes(told)

    async def probe(self, source: str) -> None:
        """Return once the data server at `source` has answered, whatever it serves.

        Raises SourceUnavailableError where it does not answer, and NetworkError.
        """
        url = self._url(source, "blobs", NO_BLOB)
        with _network(self._url(source), self.allow_private):
            response = await self._answer(url, 0)
        response.close()
        # A data server has no blob of this digest, and says so.
        _require_plain(url, response, 404)

    def _url(self, source: str, *parts: str) -> URL:
        return parse_source(source, allow_private=self.allow_private).joinpath(*parts)

    async def _transfer(
        self, source: str, digest: str, take: Callable[[bytes], None], max_bytes: int | None
    ) -> None:
        url = self._url(source, "blobs", digest)
        budget = _Budget(self._limits.max_bytes if max_bytes is None else max_bytes, digest)
        for attempt in range(self._limits.resumes + 1):
            before = budget.received
            try:
                return await self._stream(url, before, take, budget)
            except SlowPeerError:
                raise
            except SourceUnavailableError:
                if attempt == self._limits.resumes or budget.received == before:
                    raise

    async def _stream(
        self, url: URL, start: int, take: Callable[[bytes], None], budget: "_Budget"
    ) -> None:
        pace = _Pace(self._limits, self._clock)
        with _network(url, self.allow_private):
            response = await self._answer(url, start)
        try:
            _require_plain(url, response, 206 if start else 200)
            budget.declare(response.content_length)
            while True:
                with _network(url, self.allow_private), pace.waiting():
                    piece = await response.content.read(PIECE_BYTES)
                if not piece:
                    return
                budget.spend(len(piece))
                pace.require(url, len(piece))
                take(piece)
        finally:
            response.close()

    async def _answer(self, url: URL, start: int) -> "ClientResponse":
        # Loading aiohttp takes longer than most commands that never fetch anything.
        from aiohttp import ClientTimeout  # noqa: PLC0415

        silence = self._limits.silence_seconds
        timeout = ClientTimeout(
            total=self._limits.total_seconds, sock_connect=silence, sock_read=silence
        )
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        session = self._session()
        return await session.get(url, timeout=timeout, headers=headers, allow_redirects=False)

    def _session(self) -> "ClientSession":
        from aiohttp import ClientSession, DummyCookieJar, TCPConnector  # noqa: PLC0415

        if self._opened is None:
            # It has what a connector calls, and is no subclass, which would load the library.
            resolver = cast("AbstractResolver", self._resolver)
            self._opened = ClientSession(
                # Without a limit, since peers that hold connections must not keep others waiting.
                connector=TCPConnector(resolver=resolver, use_dns_cache=False, limit=0),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._opened


class _Budget:
    def __init__(self, max_bytes: int, name: str) -> None:
        self.received = 0
        self._max_bytes = max_bytes
        self._name = name

    def declare(self, size: int | None) -> None:
        """Raise BlobTooLargeError where the bytes that a peer announces are too many."""
        if size is not None:
            self._require(self.received + size)

    def spend(self, size: int) -> None:
        self.received += size
        self._require(self.received)

    def _require(self, size: int) -> None:
        if size > self._max_bytes:
            raise BlobTooLargeError(f"{self._name} passes {self._max_bytes} bytes")


class _Pace:
    """The time that a peer kept this node waiting; the node's own work does not count."""

    def __init__(self, limits: TransferLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._waited = 0.0
        self._received = 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        began = self._clock()
        yield
        self._waited += self._clock() - began

    def require(self, url: URL, size: int) -> None:
        """Count bytes that came; raises SlowPeerError where they came too slowly."""
        self._received += size
        late = self._waited > self._limits.silence_seconds
        if late and self._received < self._waited * self._limits.least_rate:
            raise SlowPeerError(
                f"{url} sent {self._received} bytes in {self._waited:.0f} s, fewer than "
                f"{self._limits.least_rate} per second"
            )


@contextmanager
def _network(url: URL, allow_private: bool) -> Iterator[None]:
    """Turn errors of a connection into a peer's fault, or this node's own."""
    from aiohttp import ClientConnectorError, ClientError  # noqa: PLC0415

    try:
        yield
    except (ClientError, TimeoutError, OSError) as error:
        cause = error.os_error if isinstance(error, ClientConnectorError) else error
        reason = f"{url}: {_said(cause)}"
        # A refused connection or an error of HTTP shows that the network works.
        unreached = isinstance(cause, TimeoutError) or (
            isinstance(cause, OSError) and not isinstance(cause, ConnectionError)
        )
        if is_local(cause) or (unreached and not allow_private and not has_route()):
            raise NetworkError(f"this node's network fails: {reason}") from error
        raise SourceUnavailableError(reason) from error


def _said(error: Exception) -> str:
    """Returns what an error says; asyncio adds the address to what the system says, as a tuple."""
    match error:
        case ssl.SSLError():
            pass
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number)
    return str(error) or type(error).__name__


def _require_plain(url: URL, response: "ClientResponse", status: int) -> None:
    """Raise what refuses an answer: a redirect, another status, or bytes that are encoded."""
    if 300 <= response.status < 400:
        raise RedirectRefusedError(f"{url} answers {response.status}; redirects are not followed")
    if response.status != status:
        raise SourceUnavailableError(f"{url} answers {response.status}")
    for header, allowed in ENCODINGS.items():
        named = ",".join(response.headers.getall(header, [])).lower().split(",")
        for encoding in filter(None, map(str.strip, named)):
            if encoding not in allowed:
                raise EncodingRefusedError(f"{url} answers with {header} {encoding}")

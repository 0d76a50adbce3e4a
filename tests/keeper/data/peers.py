"""Servers and resolvers that misbehave, for the tests of the client."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from keeper.data import (
    BlobClient,
    DataError,
    digest_of,
)

DATA = bytes(range(256)) * 4_096
DIGEST = digest_of(DATA)
PUBLIC, METADATA, LOOPBACK = "8.8.8.8", "169.254.169.254", "127.0.0.1"
NAME = "node.example.org"


@dataclass
class Peer:
    """A server on loopback; `requests` are the paths that reached it."""

    port: int
    requests: list[str] = field(default_factory=list)

    def url(self, host: str = LOOPBACK, scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}"


@asynccontextmanager
async def peer(
    headers: dict[str, str] | None = None,
    *,
    status: int = 200,
    body: bytes = DATA,
    hold: asyncio.Event | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Peer]:
    """Answers everything alike; with `hold` the body is sent only once that is set."""

    async def handler(request: web.Request) -> web.StreamResponse:
        found.requests.append(request.path)
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        if hold is not None:
            await hold.wait()
        await response.write(body)
        return response

    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0, ssl_context=tls).start()
        found = Peer(runner.addresses[0][1])
        yield found
    finally:
        await runner.cleanup()


def resolving(**known: list[str]) -> Callable[[str], list[str]]:
    """A resolver that knows these names, with `_` for a dot, and no other."""

    def lookup(host: str) -> list[str]:
        if (found := known.get(host.replace(".", "_"))) is not None:
            return found
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    return lookup


def failing(*hosts: str, code: int = socket.EAI_AGAIN) -> Callable[[str], list[str]]:
    """A resolver whose servers do not answer for these names."""

    def lookup(host: str) -> list[str]:
        if host in hosts:
            raise socket.gaierror(code, "Temporary failure in name resolution")
        return [PUBLIC]

    return lookup


async def refusal(client: BlobClient, source: str, max_bytes: int = len(DATA)) -> DataError:
    """What fetching a blob is refused with."""
    with pytest.raises(DataError) as refused:
        await client.fetch(source, DIGEST, max_bytes)
    return refused.value

"""A TCP proxy in front of a cluster, which drops every connection while it is cut."""

import asyncio
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes to the two ports of a localnet. `dropped` counts the connections refused."""

    def __init__(self, url: str, ws_url: str) -> None:
        self._targets = [_target(url), _target(ws_url)]
        self._servers: list[asyncio.Server] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._cut = False
        self.dropped = 0

    async def __aenter__(self) -> Self:
        for number in range(len(self._targets)):
            serve = partial(self._serve, number)
            self._servers.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cut()
        for server in self._servers:
            server.close()

    @property
    def arguments(self) -> list[str]:
        """Where a command finds the cluster behind the proxy."""
        rpc, pubsub = (server.sockets[0].getsockname()[1] for server in self._servers)
        return ["--url", f"http://127.0.0.1:{rpc}", "--ws-url", f"ws://127.0.0.1:{pubsub}"]

    def cut(self) -> None:
        """Drop every connection, those that are open first."""
        self._cut = True
        for writer in tuple(self._writers):
            writer.transport.abort()

    def restore(self) -> None:
        """Pass everything again."""
        self._cut = False

    def aim(self, url: str, ws_url: str) -> None:
        """Stand in front of another cluster from the next connection on."""
        self._targets = [_target(url), _target(ws_url)]

    async def _serve(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._cut:
            self.dropped += 1
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._targets[number])
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


def _target(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port

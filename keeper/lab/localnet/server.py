"""The localnet's HTTP and WebSocket endpoints, and its clock."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import WSMsgType, web
from solders.pubkey import Pubkey

from .bank import DEFAULT_SLOT_MS, Bank
from .mint import TokenMint
from .pubsub import Hub
from .rpc import Node, answer, call_method

DEFAULT_PORT = 8899

# Agave's `--rpc-max-request-body-size`.
_MAX_BODY_BYTES = 50 * 1024
_MAX_UNSENT_MESSAGES = 10_000
_EPHEMERAL_ATTEMPTS = 32
_SHUTDOWN_SECONDS = 1.0

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, solana-client",
    "Access-Control-Max-Age": "86400",
}


class PortInUseError(OSError):
    """Another process listens on one of the two ports."""


class Localnet:
    """A cluster of one node: JSON-RPC over HTTP on `port`, PubSub on `port + 1`.

    Use as `async with Localnet(...) as net`; then `net.url`, `net.ws_url` and `net.bank`. Port 0
    takes any free pair. `programs` maps program ids to sBPF ELF files; `mint` is created and can
    be minted by `neurolov_mintTo`. With `ticking` a slot passes every `slot_ms`, otherwise only
    `bank.advance` opens one. A transaction is processed at once, confirmed `confirmation_lag`
    blocks later and finalized after `finality_lag` blocks. What is there on entry is final.
    Without `seed` the genesis hash is random. State is lost on exit.

    Raises PortInUseError on entry, ProgramLoadError and ValueError at construction.
    """

    def __init__(
        self,
        *,
        programs: Mapping[Pubkey, Path] | None = None,
        mint: TokenMint | None = None,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        slot_ms: int = DEFAULT_SLOT_MS,
        ticking: bool = True,
        confirmation_lag: int = 0,
        finality_lag: int = 0,
        seed: bytes | None = None,
        start_time: int | None = None,
    ) -> None:
        if not 0 <= confirmation_lag <= finality_lag:
            raise ValueError(
                f"confirmation_lag is {confirmation_lag} and finality_lag {finality_lag} blocks;"
                " give 0 or more, and finality no less than confirmation"
            )
        if not 0 <= port < 2**16 - 1:
            raise ValueError(f"port is {port}; give one from 0 to {2**16 - 2}")
        # The slots that make what is there final pass on entry, ahead of the wall clock.
        now = int(time.time()) - finality_lag * slot_ms // 1000
        self.bank = Bank(
            programs=programs,
            seed=os.urandom(32) if seed is None else seed,
            slot_ms=slot_ms,
            start_time=now if start_time is None else start_time,
            remembered_blocks=finality_lag,
        )
        if mint is not None:
            mint.create(self.bank)
        self._node = Node(
            self.bank,
            mint=mint,
            confirmation_lag=confirmation_lag,
            finality_lag=finality_lag,
        )
        self._host = host
        self._port = port
        self._ticking = ticking
        self._exit = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """Where JSON-RPC is served."""
        return f"http://{self._host}:{self._port}"

    @property
    def ws_url(self) -> str:
        """Where PubSub is served."""
        return f"ws://{self._host}:{self._port + 1}"

    @property
    def port(self) -> int:
        """Returns the JSON-RPC port."""
        return self._port

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            rpc_socket, pubsub_socket = self._bind()
            stack.callback(rpc_socket.close)
            stack.callback(pubsub_socket.close)
            self._node = replace(
                self._node,
                rpc_address=f"{self._host}:{self._port}",
                pubsub_address=f"{self._host}:{self._port + 1}",
            )
            if self._node.finality_lag:
                self.bank.advance(self._node.finality_lag)
            hub = Hub(self._node)
            stack.callback(hub.close)
            await _serve_app(stack, _rpc_app(self._node), rpc_socket)
            await _serve_app(stack, _pubsub_app(hub), pubsub_socket)
            if self._ticking:
                ticker = asyncio.create_task(self._tick())
                stack.push_async_callback(_cancelled, ticker)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._exit.aclose()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        period = self.bank.slot_ms / 1000
        due = loop.time()
        while True:
            due += period
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.bank.advance()

    def _bind(self) -> tuple[socket.socket, socket.socket]:
        if self._port:
            return self._bind_pair(self._port)
        for _ in range(_EPHEMERAL_ATTEMPTS):
            with _listen(self._host, 0) as probe:
                port = probe.getsockname()[1]
            try:
                pair = self._bind_pair(port)
            except (PortInUseError, OverflowError):
                continue
            self._port = port
            return pair
        raise PortInUseError("found no two free neighbouring ports; close some programs")

    def _bind_pair(self, port: int) -> tuple[socket.socket, socket.socket]:
        first = _listen(self._host, port)
        try:
            return first, _listen(self._host, port + 1)
        except BaseException:
            first.close()
            raise


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortInUseError(
            f"port {port} on {host} is in use; stop what listens there or choose another port"
            " (a localnet takes two: JSON-RPC, and PubSub on the next)"
        ) from error


async def _serve_app(
    stack: contextlib.AsyncExitStack, app: web.Application, listener: socket.socket
) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener).start()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _rpc_app(node: Node) -> web.Application:
    async def post(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return web.Response(
                status=415,
                text="Supplied content type is not allowed. Content-Type: application/json is"
                " required",
                headers=_CORS,
            )
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413, text="request body is too large", headers=_CORS)
        response = answer(body, lambda method, params: call_method(node, method, params))
        return web.Response(
            body=(response or "").encode(), content_type="application/json", headers=_CORS
        )

    async def preflight(request: web.Request) -> web.Response:
        return web.Response(status=204, headers=_CORS)

    async def health(request: web.Request) -> web.Response:
        return web.Response(text="ok", headers=_CORS)

    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    app.router.add_post("/", post)
    app.router.add_options("/", preflight)
    app.router.add_get("/health", health)
    return app


def _pubsub_app(hub: Hub) -> web.Application:
    open_sockets: set[web.WebSocketResponse] = set()

    async def connect(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=_MAX_BODY_BYTES)
        await ws.prepare(request)
        open_sockets.add(ws)
        try:
            await _converse(hub, ws)
        finally:
            open_sockets.discard(ws)
        return ws

    async def close_all(app: web.Application) -> None:
        for ws in tuple(open_sockets):
            await ws.close(code=1001, message=b"localnet is stopping")

    app = web.Application()
    app.router.add_get("/", connect)
    app.on_shutdown.append(close_all)
    return app


async def _converse(hub: Hub, ws: web.WebSocketResponse) -> None:
    outbox: asyncio.Queue[str] = asyncio.Queue(_MAX_UNSENT_MESSAGES)
    overflowed = asyncio.Event()

    def enqueue(message: str) -> None:
        try:
            outbox.put_nowait(message)
        except asyncio.QueueFull:
            overflowed.set()

    async def send() -> None:
        while not overflowed.is_set():
            await ws.send_str(await outbox.get())
        # A notification is lost, so that the client must reconnect and read the state anew.
        await ws.close(code=1008, message=b"client reads too slowly")

    session = hub.open_session(enqueue)
    sender = asyncio.create_task(send())
    try:
        async for message in ws:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                session.receive(message.data)
    finally:
        hub.close_session(session)
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await sender


async def serve(localnet: Localnet, on_ready: Callable[[Localnet], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, calling `on_ready` once both ports listen.

    Raises PortInUseError.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stopped.set)
    try:
        async with localnet:
            if on_ready is not None:
                on_ready(localnet)
            await stopped.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)

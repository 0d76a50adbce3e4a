"""The localnet as a whole: its ports, its clock, and what serves them while it is open."""

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

from solders.pubkey import Pubkey

from .bank import DEFAULT_SLOT_MS, Bank
from .mint import TokenMint
from .pubsub import Hub
from .rpc import Node

DEFAULT_PORT = 8899

_EPHEMERAL_ATTEMPTS = 32


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
            # Loads an HTTP server, which those who use the bank alone do not need.
            from .endpoints import pubsub_app, rpc_app, serve_app  # noqa: PLC0415

            await serve_app(stack, rpc_app(self._node), rpc_socket)
            await serve_app(stack, pubsub_app(hub), pubsub_socket)
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


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


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

"""Options that several commands share, and how a command runs and answers."""

import asyncio
import errno
import json
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from solders.pubkey import Pubkey

from keeper.configuration import NodeSettings, Serving
from keeper.configuration.settings import DEFAULT_FOLDER, DEFAULT_URL
from keeper.errors import PortInUseError
from keeper.telemetry import METRICS, serve_metrics

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Command = Callable[..., Any]

NLOV = 10**9
U64_MAX = (1 << 64) - 1


class NlovAmount(click.ParamType[int]):
    """An amount of $NLOV with up to nine decimals, as base units."""

    name = "nlov"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> int:
        """Base units."""
        if isinstance(value, int):
            return value
        try:
            units = Decimal(value) * NLOV
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount such as 12.5", param, context)
        if not units.is_finite() or units != units.to_integral_value() or not 0 <= units <= U64_MAX:
            self.fail(f"{value!r} is not an amount with at most nine decimals", param, context)
        return int(units)


class Address(click.ParamType[Pubkey]):
    """A base58 address."""

    name = "address"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Pubkey:
        """The key."""
        try:
            return value if isinstance(value, Pubkey) else Pubkey.from_string(value)
        except ValueError:
            self.fail(f"{value!r} is not an address", param, context)


def nlov(amount: int) -> str:
    """Base units as $NLOV."""
    return f"{amount // NLOV:,}.{amount % NLOV:09d}"


def json_option(command: Command) -> Command:
    """--json: one document for machines on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document for machines.")(
        command
    )


def keypair_option(command: Command) -> Command:
    """--keypair: the file of the key that signs and pays."""
    return click.option(
        "--keypair",
        type=click.Path(path_type=Path, dir_okay=False),
        default=DEFAULT_FOLDER / "id.json",
        show_default=True,
        help="Key file as solana-keygen writes it.",
    )(command)


def cluster_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """--url, --ws-url, --genesis-hash, --folder, --poll: passed on as settings."""

    @click.option("--url", default=DEFAULT_URL, show_default=True, help="JSON-RPC of the cluster.")
    @click.option("--ws-url", help="PubSub of the cluster, where it is not at the usual place.")
    @click.option("--genesis-hash", help="Refuse a cluster with another genesis hash.")
    @click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=DEFAULT_FOLDER,
        show_default=True,
        help="Where this node keeps its journal, data and ballots.",
    )
    @click.option("--poll", default=0.4, show_default=True, help="Seconds between looks.")
    @wraps(command)
    def wrapped(
        *arguments: Any,
        url: str,
        ws_url: str | None,
        genesis_hash: str | None,
        folder: Path,
        poll: float,
        **rest: Any,
    ) -> Result:
        settings = NodeSettings(
            url=url,
            websocket_url=ws_url,
            genesis_hash=genesis_hash,
            folder=folder,
            poll_seconds=poll,
        )
        return command(*arguments, settings=settings, **rest)

    return wrapped


def serving_options(default_port: int) -> Callable[[Command], Command]:
    """--host, --port, --public-url, --quota: passed on as serving."""

    def decorate(command: Command) -> Command:
        @click.option("--host", default="127.0.0.1", show_default=True)
        @click.option("--port", default=default_port, show_default=True)
        @click.option("--public-url", help="Where others reach this node's data server.")
        @click.option("--quota", default=1 << 33, show_default=True, help="Bytes on disk.")
        @wraps(command)
        def wrapped(
            *arguments: Any, host: str, port: int, public_url: str | None, quota: int, **rest: Any
        ) -> Any:
            serving = Serving(host, port, public_url, quota)
            return command(*arguments, serving=serving, **rest)

        return wrapped

    return decorate


def metrics_option(command: Command) -> Command:
    """--metrics-port: Prometheus metrics on this machine, none by default."""
    return click.option(
        "--metrics-port", type=click.IntRange(0, 65535), help="Serve /metrics on this port."
    )(command)


@asynccontextmanager
async def metrics_served(port: int | None) -> AsyncIterator[None]:
    """Serve the process's metrics while the block runs; raises PortInUseError."""
    if port is None:
        yield
        return
    try:
        async with serve_metrics(METRICS, "127.0.0.1", port) as url:
            click.echo(f"metrics at {url}", err=True)
            yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortInUseError(f"port {port} is in use; choose another --metrics-port") from error


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end; SIGTERM ends it like Ctrl-C."""

    async def guarded() -> Result:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        raise click.Abort from None


def answer(document: dict[str, Any], as_json: bool, *lines: str) -> None:
    """The document for machines, or the lines for people."""
    if as_json:
        click.echo(json.dumps(document, indent=2, sort_keys=True))
    else:
        for line in lines:
            click.echo(line)


@asynccontextmanager
async def background(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run loops beside the block and end them with it; one that fails ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop) for loop in loops]
        yield
        for task in tasks:
            task.cancel()

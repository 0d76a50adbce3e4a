"""Options that several commands share; running a command and printing its answer."""

import asyncio
import errno
import json
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from solders.pubkey import Pubkey

from keeper.compute import Preference
from keeper.configuration import NodeSettings, Serving
from keeper.configuration.settings import (
    DEFAULT_FOLDER,
    DEFAULT_QUOTA_BYTES,
    DEFAULT_RETENTION_HOURS,
    DEFAULT_URL,
)
from keeper.errors import PortInUseError
from keeper.node.payment import NLOV
from keeper.telemetry import METRICS, serve_metrics

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Command = Callable[..., Any]

U64_MAX = (1 << 64) - 1
FILE = click.Path(path_type=Path, dir_okay=False)
"""The path of a file, which need not exist."""


class NlovAmount(click.ParamType[int]):
    """An amount of $NLOV with up to nine decimals, as base units."""

    name = "nlov"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> int:
        """Returns base units."""
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
        """Returns the key."""
        try:
            return value if isinstance(value, Pubkey) else Pubkey.from_string(value)
        except ValueError:
            self.fail(f"{value!r} is not an address", param, context)


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """The options of a command that acts for a key and answers."""

    settings: NodeSettings
    keypair: Path
    as_json: bool


@dataclass(frozen=True, slots=True)
class RoleOptions:
    """The options of a command that runs roles of a key until it is interrupted."""

    settings: NodeSettings
    keypair: Path
    metrics_port: int | None


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """The device that a role computes on; memory is in bytes."""

    preference: Preference
    adapter: str | None
    memory_bytes: int


def json_option(command: Command) -> Command:
    """Adds --json, which prints one JSON document to standard output."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document instead of text."
    )(command)


def keypair_option(command: Command) -> Command:
    """Adds --keypair, the file of the key that signs and pays."""
    return click.option(
        "--keypair",
        type=FILE,
        default=DEFAULT_FOLDER / "id.json",
        show_default=True,
        help="Key file in the format of solana-keygen.",
    )(command)


def owner_option(command: Command) -> Command:
    """Adds --owner, the party that the key acts for, passed on as None for the key itself."""
    return click.option(
        "--owner",
        type=Address(),
        envvar="NEUROLOV_OWNER",
        show_envvar=True,
        help="Address of the owner that has named the key as its operator. By default the key is "
        "the owner's own.",
    )(command)


def collateral_option(command: Command) -> Command:
    """Adds --collateral, the stake to bind to a seat, passed on as None for all free stake."""
    return click.option(
        "--collateral",
        type=NlovAmount(),
        help="$NLOV of stake to bind to the seat; by default all that is free.",
    )(command)


def cluster_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds the options of a cluster and of the node's folder, passed on as `settings`."""

    @click.option(
        "--url", default=DEFAULT_URL, show_default=True, help="JSON-RPC URL of the cluster."
    )
    @click.option("--ws-url", help="PubSub URL, if it does not follow from --url.")
    @click.option("--genesis-hash", help="Refuse any cluster whose genesis hash differs.")
    @click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=DEFAULT_FOLDER,
        show_default=True,
        help="Where this node keeps its journal, data and secrets.",
    )
    @click.option(
        "--fresh",
        is_flag=True,
        help="If the folder belongs to another chain, keep it as it is and use a folder in it.",
    )
    @click.option("--poll", default=0.4, show_default=True, help="Seconds between polls.")
    @click.option(
        "--allow-private",
        is_flag=True,
        envvar="NEUROLOV_ALLOW_PRIVATE",
        show_envvar=True,
        help="Fetch also from addresses that are not public, as on a local network.",
    )
    @wraps(command)
    def wrapped(
        *arguments: Any,
        url: str,
        ws_url: str | None,
        genesis_hash: str | None,
        folder: Path,
        fresh: bool,
        poll: float,
        allow_private: bool,
        **rest: Any,
    ) -> Result:
        settings = NodeSettings(
            url=url,
            websocket_url=ws_url,
            genesis_hash=genesis_hash,
            folder=folder,
            poll_seconds=poll,
            allow_private=allow_private,
            fresh=fresh,
        )
        return command(*arguments, settings=settings, **rest)

    return wrapped


def key_command(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds --json, --keypair and the cluster's options, passed on as `key`."""

    @json_option
    @keypair_option
    @cluster_options
    @wraps(command)
    def wrapped(
        *arguments: Any, settings: NodeSettings, keypair: Path, as_json: bool, **rest: Any
    ) -> Result:
        return command(*arguments, key=KeyOptions(settings, keypair, as_json), **rest)

    return wrapped


def role_command(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds --metrics-port, --keypair and the cluster's options, passed on as `role`."""

    @click.option(
        "--metrics-port", type=click.IntRange(0, 65535), help="Serve /metrics on this port."
    )
    @keypair_option
    @cluster_options
    @wraps(command)
    def wrapped(
        *arguments: Any,
        settings: NodeSettings,
        keypair: Path,
        metrics_port: int | None,
        **rest: Any,
    ) -> Result:
        return command(*arguments, role=RoleOptions(settings, keypair, metrics_port), **rest)

    return wrapped


def device_options(default: Preference, use: str) -> Callable[[Command], Command]:
    """Returns a decorator that adds --executor, --adapter and --memory, passed on as `device`."""

    def decorate(command: Command) -> Command:
        @click.option(
            "--executor",
            type=click.Choice([str(choice) for choice in Preference]),
            default=str(default),
            show_default=True,
            help=use,
        )
        @click.option(
            "--adapter",
            help="Name of the adapter, or part of it; `neurolov provider adapters` lists them.",
        )
        @click.option(
            "--memory",
            "memory_bytes",
            default=1 << 32,
            show_default=True,
            help="Device memory to use, in bytes.",
        )
        @wraps(command)
        def wrapped(
            *arguments: Any, executor: str, adapter: str | None, memory_bytes: int, **rest: Any
        ) -> Any:
            device = DeviceOptions(Preference(executor), adapter, memory_bytes)
            return command(*arguments, device=device, **rest)

        return wrapped

    return decorate


def serving_options(default_port: int) -> Callable[[Command], Command]:
    """Returns a decorator that adds the options of the data server, passed on as `serving`."""

    def decorate(command: Command) -> Command:
        @click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            help="Address that the data server listens on.",
        )
        @click.option(
            "--port", default=default_port, show_default=True, help="Port of the data server."
        )
        @click.option("--public-url", help="URL at which others reach this node's data server.")
        @click.option(
            "--quota",
            default=DEFAULT_QUOTA_BYTES,
            show_default=True,
            help="Most bytes of data to keep on disk.",
        )
        @click.option(
            "--retain",
            "retain_hours",
            type=click.FloatRange(min=0),
            default=DEFAULT_RETENTION_HOURS,
            show_default=True,
            help="Hours for which outputs are served after the end of their job.",
        )
        @wraps(command)
        def wrapped(
            *arguments: Any,
            host: str,
            port: int,
            public_url: str | None,
            quota: int,
            retain_hours: float,
            **rest: Any,
        ) -> Any:
            serving = Serving(host, port, public_url, quota, retain_hours * 3600)
            return command(*arguments, serving=serving, **rest)

        return wrapped

    return decorate


def price_option(use: str) -> Callable[[Command], Command]:
    """Returns a decorator that adds the required option --price."""
    return click.option("--price", type=NlovAmount(), required=True, help=use)


def tip_option(command: Command) -> Command:
    """Adds --tip, the pay for each crank step."""
    return click.option(
        "--tip",
        type=NlovAmount(),
        default="0.01",
        show_default=True,
        help="$NLOV paid for each crank step.",
    )(command)


@asynccontextmanager
async def metrics_served(port: int | None) -> AsyncIterator[None]:
    """Serves the process's metrics while the block runs; raises PortInUseError."""
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
    """Runs `work` to its end and returns the result; SIGTERM interrupts it as Ctrl-C does."""

    async def guarded() -> Result:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        raise click.Abort from None


def tell(line: str) -> None:
    """Prints a line of progress to standard error; standard output is left to the answer."""
    click.echo(line, err=True)


def answer(document: dict[str, Any], as_json: bool, *lines: str) -> None:
    """Prints the document as JSON, or the lines as text."""
    if as_json:
        click.echo(json.dumps(document, indent=2, sort_keys=True))
    else:
        for line in lines:
            click.echo(line)

"""The options of commands that act on a cluster: where it is, for whom, and with which key."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from keeper.cli.options.settings import declare
from keeper.cli.options.types import FILE, Address, NlovAmount
from keeper.cli.output import json_option
from keeper.configuration import NodeSettings
from keeper.configuration.settings import DEFAULT_FOLDER, DEFAULT_URL

Result = TypeVar("Result")
Command = Callable[..., Any]

URL = declare("--url", default=DEFAULT_URL, show_default=True, help="JSON-RPC URL of the cluster.")
WS_URL = declare("--ws-url", help="PubSub URL, if it does not follow from --url.")
GENESIS_HASH = declare("--genesis-hash", help="Refuse any cluster whose genesis hash differs.")
FOLDER = declare(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Where this node keeps its journal, data and secrets.",
)
POLL = declare("--poll", default=0.4, show_default=True, help="Seconds between polls.")
ALLOW_PRIVATE = declare(
    "--allow-private",
    is_flag=True,
    help="Fetch also from addresses that are not public, as on a local network.",
)
KEYPAIR = declare(
    "--keypair",
    type=FILE,
    default=DEFAULT_FOLDER / "id.json",
    show_default=True,
    help="Key file in the format of solana-keygen.",
)
OWNER = declare(
    "--owner",
    type=Address(),
    help="Address of the owner that has named the key as its operator. By default the key is "
    "the owner's own.",
)
METRICS_PORT = declare(
    "--metrics-port", type=click.IntRange(0, 65535), help="Serve /metrics on this port."
)


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


def keypair_option(command: Command) -> Command:
    """Adds --keypair, the file of the key that signs and pays."""
    return KEYPAIR.option()(command)


def owner_option(command: Command) -> Command:
    """Adds --owner, the party that the key acts for, passed on as None for the key itself."""
    return OWNER.option()(command)


def collateral_option(command: Command) -> Command:
    """Adds --collateral, the stake to bind to a seat, passed on as None for all free stake."""
    return click.option(
        "--collateral",
        type=NlovAmount(),
        help="$NLOV of stake to bind to the seat; by default all that is free.",
    )(command)


def cluster_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds the options of a cluster and of the node's folder, passed on as `settings`."""

    @URL.option()
    @WS_URL.option()
    @GENESIS_HASH.option()
    @FOLDER.option()
    @click.option(
        "--fresh",
        is_flag=True,
        help="If the folder belongs to another chain, keep it as it is and use a folder in it.",
    )
    @POLL.option()
    @ALLOW_PRIVATE.option()
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

    @METRICS_PORT.option()
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

"""The commands that tell a role's record: they only read, and an address needs no key."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from solders.pubkey import Pubkey

from keeper.cli.options import (
    Address,
    answer,
    cluster_options,
    json_option,
    keypair_option,
    owner_option,
    run_async,
)
from keeper.cli.status.document import Served, report_document
from keeper.cli.status.text import print_report
from keeper.configuration import NodeSettings, load_keypair
from keeper.data import BlobClient, DataError
from keeper.node.accounts import url_text
from keeper.node.connection import open_observer
from keeper.node.timeline import Timeline
from keeper.record.engagements import Part
from keeper.record.report import OwnerReport, Reach

Command = Callable[..., None]


def status_options(part: Part) -> Callable[[Command], Command]:
    """Returns a decorator that adds what every status command takes, and runs it for one part."""

    def decorate(command: Command) -> Command:
        @click.argument("address", type=Address(), required=False)
        @click.option(
            "--days",
            type=click.FloatRange(min=0, min_open=True),
            default=30.0,
            show_default=True,
            help="How many days of history to read.",
        )
        @click.option(
            "--transactions",
            type=click.IntRange(min=1),
            default=5_000,
            show_default=True,
            help="Most transactions to read, the latest first.",
        )
        @json_option
        @owner_option
        @keypair_option
        @cluster_options
        @wraps(command)
        def wrapped(
            *,
            settings: NodeSettings,
            keypair: Path,
            owner: Pubkey | None,
            as_json: bool,
            address: Pubkey | None,
            days: float,
            transactions: int,
        ) -> None:
            shown = address or owner or load_keypair(keypair).pubkey()
            told = run_async(_read(settings, shown, part, Reach(days, transactions)))
            if as_json:
                answer(report_document(*told), as_json)
            else:
                print_report(*told, Console())

        return wrapped

    return decorate


@click.command("status")
@status_options(Part.PROVIDER)
def provider_status(**_: Any) -> None:
    """Show what the provider ADDRESS earned, lost and has at risk; by default that of the key.

    Reads the chain alone. It tells how far back the history was read, and whether the registered
    URL answers now.
    """


@click.command("status")
@status_options(Part.VERIFIER)
def verifier_status(**_: Any) -> None:
    """Show what the verifier ADDRESS earned, lost and has at risk; by default that of the key.

    Reads the chain alone. It tells how far back the history was read, and whether the registered
    URL answers now.
    """


@click.command("status")
@status_options(Part.CRANK)
def crank_status(**_: Any) -> None:
    """Show the tips that the crank ADDRESS earned; by default that of the key."""


async def _read(
    settings: NodeSettings, owner: Pubkey, part: Part, reach: Reach
) -> tuple[OwnerReport, Timeline, Part, Served | None]:
    async with open_observer(settings) as observer:
        report = await OwnerReport.of(observer.gateway, owner, reach)
        registered = {Part.PROVIDER: report.provider, Part.VERIFIER: report.verifier}.get(part)
        served = None
        if registered is not None:
            served = await _served(observer.client, url_text(registered.endpoint))
        return report, await Timeline.of(observer.gateway), part, served


async def _served(client: BlobClient, url: str) -> Served:
    try:
        await client.probe(url)
    except DataError as error:
        return Served(url, answers=False, error=str(error))
    return Served(url, answers=True)

"""`neurolov verifier`: check jobs for money."""

from pathlib import Path

import click

from keeper.cli.connection import open_connection
from keeper.cli.options import (
    background,
    cluster_options,
    keypair_option,
    metrics_option,
    metrics_served,
    run_async,
    serving_options,
)
from keeper.compute import Preference, hasher_on, select_executor
from keeper.configuration import NodeSettings, Serving
from keeper.exact.roles import Verifier
from keeper.exact.roles.ballots import BallotBox
from keeper.exact.roles.verifier import VerifierTools
from keeper.node.services import open_storage

DEFAULT_PORT = 7020


@click.group()
def verifier() -> None:
    """Check jobs for money."""


@verifier.command()
@click.option(
    "--executor",
    type=click.Choice([str(choice) for choice in Preference]),
    default=str(Preference.AUTO),
    show_default=True,
    help="Where outputs are hashed.",
)
@click.option("--adapter", help="Part of the wanted adapter's name.")
@click.option("--memory", "memory_bytes", default=1 << 32, show_default=True, help="Bytes.")
@serving_options(DEFAULT_PORT)
@metrics_option
@keypair_option
@cluster_options
def run(
    *,
    settings: NodeSettings,
    keypair: Path,
    metrics_port: int | None,
    executor: str,
    adapter: str | None,
    memory_bytes: int,
    serving: Serving,
) -> None:
    """Take a seat, register, then check what the seat is drawn for until interrupted.

    The key needs stake: neurolov stake add.
    """
    selected = select_executor(Preference(executor), adapter)

    async def work() -> None:
        async with (
            open_connection(settings, keypair) as connection,
            open_storage(connection.services, settings.folder, serving) as storage,
        ):
            await connection.registrar.register_verifier(storage.url, memory_bytes)
            tools = VerifierTools(
                lane=connection.services.lane,
                client=connection.services.client,
                material=storage.material,
                ballots=BallotBox(settings.folder / "ballots"),
                shelf=storage.shelf,
                hasher=hasher_on(selected.executor),
            )
            await connection.mirror.refresh()
            node = Verifier(connection.mirror, connection.submitter, connection.owner, tools)
            click.echo(f"verifier {connection.owner} at {storage.url}", err=True)
            async with metrics_served(metrics_port), background(connection.mirror.run()):
                await node.run()

    run_async(work())

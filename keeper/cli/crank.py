"""`neurolov crank`: keep jobs and epochs moving, for the tips."""

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
)
from keeper.configuration import NodeSettings
from keeper.roles import Crank


@click.group()
def crank() -> None:
    """Keep jobs and epochs moving, for the tips."""


@crank.command()
@metrics_option
@keypair_option
@cluster_options
def run(settings: NodeSettings, keypair: Path, metrics_port: int | None) -> None:
    """Take every step that a deadline opens to anybody, until interrupted."""

    async def work() -> None:
        async with open_connection(settings, keypair) as connection:
            node = Crank(connection.mirror, connection.submitter, connection.owner)
            click.echo(f"crank {connection.owner}", err=True)
            async with metrics_served(metrics_port), background(connection.mirror.run()):
                await node.run()

    run_async(work())

"""`neurolov crank`: keep jobs, tasks and epochs moving, for the tips."""

from pathlib import Path

import click

from keeper.cli.connection import open_connection, task_mirror
from keeper.cli.options import (
    background,
    cluster_options,
    keypair_option,
    metrics_option,
    metrics_served,
    run_async,
)
from keeper.configuration import NodeSettings
from keeper.exact.roles import Crank
from keeper.tolerant.roles.crank import TaskCrank


@click.group()
def crank() -> None:
    """Keep jobs, tasks and epochs moving, for the tips."""


@crank.command()
@metrics_option
@keypair_option
@cluster_options
def run(settings: NodeSettings, keypair: Path, metrics_port: int | None) -> None:
    """Take every step on jobs and tasks that a deadline opens to anybody, until interrupted."""

    async def work() -> None:
        async with open_connection(settings, keypair) as connection:
            node = Crank(connection.mirror, connection.submitter, connection.owner)
            tasks = await task_mirror(connection, settings)
            task_node = TaskCrank(tasks, connection.submitter, connection.owner)
            click.echo(f"crank {connection.owner}", err=True)
            async with (
                metrics_served(metrics_port),
                background(connection.mirror.run(), tasks.run(), task_node.run()),
            ):
                await node.run()

    run_async(work())

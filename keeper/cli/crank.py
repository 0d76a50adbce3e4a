"""`neurolov crank`: keep jobs and epochs moving, for the tips."""

from pathlib import Path

import click

from keeper.cli.options import background, cluster_options, keypair_option, run_async
from keeper.cli.session import open_session
from keeper.configuration import NodeSettings
from keeper.roles import Crank


@click.group()
def crank() -> None:
    """Keep jobs and epochs moving, for the tips."""


@crank.command()
@keypair_option
@cluster_options
def run(settings: NodeSettings, keypair: Path) -> None:
    """Take every step that a deadline opens to anybody, until interrupted."""

    async def work() -> None:
        async with open_session(settings, keypair) as session:
            node = Crank(session.mirror, session.submitter, session.owner)
            click.echo(f"crank {session.owner}", err=True)
            async with background(session.mirror.run()):
                await node.run()

    run_async(work())

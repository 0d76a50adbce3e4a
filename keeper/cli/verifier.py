"""`neurolov verifier`: check jobs for money."""

from pathlib import Path

import click

from keeper.cli.options import (
    background,
    cluster_options,
    keypair_option,
    run_async,
    serving_options,
)
from keeper.cli.session import open_session
from keeper.configuration import NodeSettings, Serving
from keeper.roles import Verifier
from keeper.roles.ballots import BallotBox
from keeper.roles.services import open_storage
from keeper.roles.verifier import VerifierTools

DEFAULT_PORT = 7020


@click.group()
def verifier() -> None:
    """Check jobs for money."""


@verifier.command()
@click.option("--memory", "memory_bytes", default=1 << 32, show_default=True, help="Bytes.")
@serving_options(DEFAULT_PORT)
@keypair_option
@cluster_options
def run(
    *,
    settings: NodeSettings,
    keypair: Path,
    memory_bytes: int,
    serving: Serving,
) -> None:
    """Take a seat, register, then check what the seat is drawn for until interrupted.

    The key needs stake: neurolov stake add.
    """

    async def work() -> None:
        async with (
            open_session(settings, keypair) as session,
            open_storage(session.services, settings.folder, serving) as storage,
        ):
            await session.registrar.register_verifier(storage.url, memory_bytes)
            tools = VerifierTools(
                lane=session.services.lane,
                client=session.services.client,
                material=storage.material,
                ballots=BallotBox(settings.folder / "ballots"),
            )
            await session.mirror.refresh()
            node = Verifier(session.mirror, session.submitter, session.owner, tools)
            click.echo(f"verifier {session.owner} at {storage.url}", err=True)
            async with background(session.mirror.run()):
                await node.run()

    run_async(work())

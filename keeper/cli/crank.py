"""`neurolov crank`: take the steps that are open to anybody, for tips."""

import click

from keeper.cli.options import RoleOptions, metrics_served, role_command, run_async, tell
from keeper.cli.status import crank_status
from keeper.exact.roles.service import open_crank
from keeper.node.connection import open_connection
from keeper.node.funding import await_funds
from keeper.node.occupancy import Role
from keeper.node.supervision import run_roles
from keeper.tolerant.roles.service import open_task_crank


@click.group()
def crank() -> None:
    """Keep jobs, tasks and epochs moving, for tips."""


@crank.command()
@role_command
def run(role: RoleOptions) -> None:
    """Take every step on jobs and tasks that is open to anybody, until interrupted."""

    async def work() -> None:
        async with open_connection(
            role.settings.patiently(), role.keypair, role=Role.CRANK
        ) as connection:
            await await_funds(
                connection.gateway,
                connection.signer,
                (),
                tell=tell,
                poll_seconds=connection.poll_seconds,
            )
            roles = await open_crank(connection), await open_task_crank(connection)
            tell(f"crank {connection.owner}")
            async with metrics_served(role.metrics_port):
                await run_roles(connection.services, *roles, tell=tell)

    run_async(work())


crank.add_command(crank_status)

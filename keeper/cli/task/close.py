"""`neurolov task close`: give up the output of an ended task."""

import click
from solders.pubkey import Pubkey

from keeper.cli.buying.continuation import going_on
from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.node.connection import open_connection
from keeper.tolerant.roles.own_tasks import give_up


@click.command()
@click.argument("address", type=Address(), metavar="TASK")
@click.option(
    "--without-output", is_flag=True, help="Close it for good although its output is not kept."
)
@key_command
def close(key: KeyOptions, address: Pubkey, without_output: bool) -> None:
    """Take back what is left of an ended TASK whose output nobody serves any more."""
    if not without_output:
        raise click.UsageError(
            f"{going_on('task', 'follow', str(address))} fetches the output and then closes the "
            "task; --without-output gives the output up"
        )

    async def work() -> None:
        async with open_connection(key.settings, key.keypair) as connection:
            await give_up(connection, address)

    run_async(work())
    document = {"task": str(address), "state": "closed"}
    answer(document, key.as_json, f"task {address}: closed without its output")

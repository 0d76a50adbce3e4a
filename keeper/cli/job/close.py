"""`neurolov job close`: give up the result of an ended job."""

import click
from solders.pubkey import Pubkey

from keeper.cli.buying.continuation import going_on
from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.exact.roles.own_jobs import give_up
from keeper.node.connection import open_connection


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@click.option(
    "--without-result", is_flag=True, help="Close it for good although its result is not kept."
)
@key_command
def close(key: KeyOptions, address: Pubkey, without_result: bool) -> None:
    """Take back what is left of an ended JOB whose result nobody serves any more."""
    if not without_result:
        raise click.UsageError(
            f"{going_on('job', 'follow', str(address))} fetches the result and then closes the "
            "job; --without-result gives the result up"
        )

    async def work() -> None:
        async with open_connection(key.settings, key.keypair) as connection:
            await give_up(connection, address)

    run_async(work())
    document = {"job": str(address), "state": "closed"}
    answer(document, key.as_json, f"job {address}: closed without its result")

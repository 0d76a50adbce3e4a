"""`neurolov job cancel`: take back a job that nobody has claimed."""

import click
from solders.pubkey import Pubkey

from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.exact.roles.own_jobs import cancel_job
from keeper.node.connection import open_connection


@click.command()
@click.argument("address", type=Address())
@key_command
def cancel(key: KeyOptions, address: Pubkey) -> None:
    """Cancel a job that nobody has claimed and get its payment back."""

    async def work() -> None:
        async with open_connection(key.settings, key.keypair) as connection:
            await cancel_job(connection, address)

    run_async(work())
    document = {"job": str(address), "state": "cancelled"}
    answer(document, key.as_json, f"job {address}: refunded")

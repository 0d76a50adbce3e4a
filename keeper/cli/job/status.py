"""`neurolov job status`: where a job stands, or how it ended."""

from dataclasses import asdict
from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.exact.roles.own_jobs import find_job
from keeper.exact.roles.results import JobRecord
from keeper.exact.roles.status import job_status
from keeper.node.connection import open_reader

AMOUNTS = frozenset({"price", "paid"})


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@key_command
def status(key: KeyOptions, address: Pubkey) -> None:
    """Show the state of a job."""

    async def work() -> dict[str, Any]:
        async with open_reader(key.settings, key.keypair) as reader:
            found = await find_job(reader, address)
            return asdict(found) if isinstance(found, JobRecord) else job_status(found)

    document = run_async(work())
    answer(document, key.as_json, amounts=AMOUNTS)

"""`neurolov task show`: where a task stands, or how it ended."""

from dataclasses import asdict

import click
from solders.pubkey import Pubkey

from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.node.connection import open_reader
from keeper.tolerant.roles.archive import TaskRecord
from keeper.tolerant.roles.own_tasks import find_task


@click.command()
@click.argument("address", type=Address())
@key_command
def show(key: KeyOptions, address: Pubkey) -> None:
    """Show the state of a task and which providers agree."""

    async def work() -> TaskRecord:
        async with open_reader(key.settings, key.keypair) as reader:
            return await find_task(reader, address)

    record = run_async(work())
    answer(asdict(record), key.as_json, *record.lines)

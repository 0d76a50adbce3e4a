"""`neurolov task show`: where a task stands, or how it ended."""

from dataclasses import asdict

import click
from solders.pubkey import Pubkey

from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.node.connection import open_reader
from keeper.node.timeline import Timeline
from keeper.tolerant.roles.archive import TaskRecord
from keeper.tolerant.roles.own_tasks import find_task


@click.command()
@click.argument("address", type=Address())
@key_command
def show(key: KeyOptions, address: Pubkey) -> None:
    """Show the state of a task and which providers agree."""

    async def work() -> tuple[TaskRecord, Timeline]:
        async with open_reader(key.settings, key.keypair) as reader:
            return await find_task(reader, address), await Timeline.of(reader.gateway)

    record, timeline = run_async(work())
    slot = record.posted_slot
    posted = None if slot is None else timeline.document(slot)
    line = () if slot is None else (f"posted at {timeline.told(slot)}",)
    answer(asdict(record) | {"posted": posted}, key.as_json, *record.lines, *line)

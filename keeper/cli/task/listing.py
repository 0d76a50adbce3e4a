"""`neurolov task list`: the tasks of a key, open and past."""

import click

from keeper.cli.buying.ownwork import Row, table
from keeper.cli.options import KeyOptions, answer, key_command, run_async
from keeper.node.connection import open_reader
from keeper.node.timeline import Timeline
from keeper.tolerant.roles.own_tasks import OwnTask, own_tasks


@click.command("list")
@key_command
def list_tasks(key: KeyOptions) -> None:
    """List the tasks of a key, the newest first: those that are open, and those kept here."""

    async def work() -> tuple[list[OwnTask], Timeline]:
        async with open_reader(key.settings, key.keypair) as reader:
            return await own_tasks(reader), await Timeline.of(reader.gateway)

    found, timeline = run_async(work())
    tasks = [
        each.document()
        | {
            "posted": None
            if each.record.posted_slot is None
            else timeline.document(each.record.posted_slot)
        }
        for each in found
    ]
    rows = [
        Row(
            each.record.task,
            each.record.state,
            each.record.posted_slot,
            each.record.paid,
            each.open,
            each.record.output,
        )
        for each in found
    ]
    lines = table("task", rows, timeline) if rows else ["no tasks"]
    answer({"tasks": tasks}, key.as_json, *lines)

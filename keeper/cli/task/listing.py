"""`neurolov task list`: the tasks of a key, open and past."""

import click

from keeper.cli.options import KeyOptions, answer, key_command, run_async
from keeper.node.connection import open_reader
from keeper.node.payment import nlov
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
    rows = [_row(each, timeline) for each in found]
    answer({"tasks": tasks}, key.as_json, *(rows or ["no tasks"]))


def _row(task: OwnTask, timeline: Timeline) -> str:
    record = task.record
    slot = record.posted_slot
    posted = "-" if slot is None else f"{timeline.time(slot):%m-%d %H:%M}"
    state = record.state if task.open else f"{record.state}, closed"
    paid = "-" if record.paid is None else f"{nlov(record.paid)} NLOV"
    kept = "output kept" if record.output else "no output"
    return f"{record.task:<44}  {posted:<11}  {state:<18} {paid:>20}  {kept}"

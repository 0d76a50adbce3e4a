"""`neurolov job list`: the jobs of a key, open and past."""

import click

from keeper.cli.buying.ownwork import Row, table
from keeper.cli.options import KeyOptions, answer, key_command, run_async
from keeper.exact.roles.own_jobs import OwnJob, own_jobs
from keeper.node.connection import open_reader
from keeper.node.timeline import Timeline


@click.command("list")
@key_command
def list_jobs(key: KeyOptions) -> None:
    """List the jobs of a key, the newest first: those that are open, and those kept here."""

    async def work() -> tuple[list[OwnJob], Timeline]:
        async with open_reader(key.settings, key.keypair) as reader:
            return await own_jobs(reader), await Timeline.of(reader.gateway)

    found, timeline = run_async(work())
    jobs = [
        each.document()
        | {"posted": None if each.posted_slot is None else timeline.document(each.posted_slot)}
        for each in found
    ]
    rows = [
        Row(each.job, each.state, each.posted_slot, each.paid, each.open, each.kept)
        for each in found
    ]
    answer({"jobs": jobs}, key.as_json, *(table("job", rows, timeline) if rows else ["no jobs"]))

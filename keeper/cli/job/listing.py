"""`neurolov job list`: the jobs of a key, open and past."""

import click

from keeper.cli.options import KeyOptions, answer, key_command, run_async
from keeper.exact.roles.own_jobs import OwnJob, own_jobs
from keeper.node.connection import open_reader
from keeper.node.payment import nlov
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
    rows = [_row(each, timeline) for each in found]
    answer({"jobs": jobs}, key.as_json, *(rows or ["no jobs"]))


def _row(job: OwnJob, timeline: Timeline) -> str:
    posted = "-" if job.posted_slot is None else f"{timeline.time(job.posted_slot):%m-%d %H:%M}"
    ended = job.outcome if job.outcome not in (None, "none") else ""
    state = " ".join(filter(None, (job.state, ended, "" if job.open else "closed")))
    paid = "-" if job.paid is None else f"{nlov(job.paid)} NLOV"
    kept = "result kept" if job.kept else "no result"
    return f"{job.job:<44}  {posted:<11}  {state:<26} {paid:>20}  {kept}"

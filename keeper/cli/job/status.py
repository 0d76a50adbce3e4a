"""`neurolov job status`: where a job stands, or how it ended."""

from dataclasses import asdict
from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.cli.output import told
from keeper.exact.decisions.deadlines import state_ends
from keeper.exact.roles.own_jobs import find_job
from keeper.exact.roles.results import JobRecord
from keeper.exact.roles.status import job_status
from keeper.node.connection import open_reader
from keeper.node.timeline import Timeline

AMOUNTS = frozenset({"price", "paid"})


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@key_command
def status(key: KeyOptions, address: Pubkey) -> None:
    """Show the state of a job, when it was posted and until when its state lasts."""

    async def work() -> tuple[dict[str, Any], dict[str, str]]:
        async with open_reader(key.settings, key.keypair) as reader:
            found = await find_job(reader, address)
            timeline = await Timeline.of(reader.gateway)
            if isinstance(found, JobRecord):
                return _ended(found, timeline)
            ends = state_ends(found.job, found.verdict)
            slots = {"posted": found.job.posted_slot, "until": ends}
            points = {
                name: None if slot is None else timeline.document(slot)
                for name, slot in slots.items()
            }
            lines = {name: timeline.told(slot) for name, slot in slots.items() if slot is not None}
            return job_status(found) | points, lines

    document, points = run_async(work())
    answer(document, key.as_json, *told(document | points, AMOUNTS))


def _ended(record: JobRecord, timeline: Timeline) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns how a job ended as a document, and what its text says in other words."""
    slots = {"posted": record.posted_slot, "concluded": record.concluded_slot}
    known = {name: slot for name, slot in slots.items() if slot is not None}
    document = asdict(record) | {
        name: None if slot is None else timeline.document(slot) for name, slot in slots.items()
    }
    for name in slots:
        del document[f"{name}_slot"]
    words = {name: timeline.told(slot) for name, slot in known.items()}
    return document, words | {"result": "kept" if record.result else "none"}

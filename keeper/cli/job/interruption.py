"""What a buyer is told when it interrupts the process that follows its job."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from keeper.cli.continuation import going_on
from keeper.cli.options import tell
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.submission import Watch


@contextmanager
def told_on_interruption(watch: Watch) -> Iterator[None]:
    """Tells what goes on without this process, and how to go on, when the block is interrupted."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        for line in _lines(watch):
            tell(line)
        raise


def _lines(watch: Watch) -> Iterator[str]:
    if watch.job is None:
        yield "interrupted: no job is known to be posted yet"
        yield "the same command goes on with what it has begun; nothing is paid twice"
        return
    yield f"interrupted: job {watch.job} goes on without this process"
    snapshot = watch.snapshot
    if snapshot is not None:
        yield from _consequences(snapshot)
    yield f"go on with: {going_on('job', 'follow', str(watch.job))}"


def _consequences(snapshot: JobSnapshot) -> Iterator[str]:
    job, verdict = snapshot.job, snapshot.verdict
    if job.ended:
        yield f"it has ended ({job.state.name.lower()}); what is left is to take back the rest"
        return
    if job.state is JobState.POSTED:
        yield f"a provider may claim it until slot {job.claim_deadline:,}, and is then paid for it"
    else:
        yield "its provider works on, and is paid for it"
    yield "nobody serves the job's data meanwhile: whoever has not fetched them cannot work or vote"
    if verdict is None or not verdict.salt_known:
        yield "nobody reveals the salt of the draw meanwhile; after a while it is drawn without it"
    yield "nobody fetches the result meanwhile; providers keep one for a limited time after the end"

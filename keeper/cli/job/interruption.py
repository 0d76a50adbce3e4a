"""What goes on without the process that follows a job, and what does not."""

from collections.abc import Iterator

from keeper.cli.buying.interruption import Reached
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.submission import Watch
from keeper.node.timeline import Timeline


def reached(watch: Watch) -> Reached:
    """Returns the job that was posted, and what is left to happen to it."""
    following, snapshot = watch.following, watch.snapshot
    if following is None or snapshot is None:
        return Reached("job", watch.job, ())
    return Reached("job", watch.job, _consequences(snapshot, following.mirror.timeline))


def _consequences(snapshot: JobSnapshot, timeline: Timeline) -> Iterator[str]:
    job, verdict = snapshot.job, snapshot.verdict
    if job.ended:
        yield f"it has ended ({job.state.name.lower()}); what is left is to take back the rest"
        return
    if job.state is JobState.POSTED:
        until = timeline.told(job.claim_deadline)
        yield f"a provider may claim it until {until}, and is then paid for it"
    else:
        yield "its provider works on, and is paid for it"
    yield "nobody serves the job's data meanwhile: whoever has not fetched them cannot work or vote"
    if verdict is None or not verdict.salt_known:
        yield "nobody reveals the salt of the draw meanwhile; after a while it is drawn without it"
    yield "nobody fetches the result meanwhile; providers keep one for a limited time after the end"

"""What goes on without the process that follows a task, and what does not."""

from collections.abc import Iterator

from keeper.cli.buying.interruption import Reached
from keeper.node.timeline import Timeline
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import Task
from keeper.tolerant.roles.submission import TaskWatch


def reached(watch: TaskWatch) -> Reached:
    """Returns the task that was posted, and what is left to happen to it."""
    following, snapshot = watch.following, watch.snapshot
    if following is None or snapshot is None:
        return Reached("task", watch.task, ())
    return Reached("task", watch.task, _consequences(snapshot.task, following.mirror.timeline))


def _consequences(task: Task, timeline: Timeline) -> Iterator[str]:
    if task.ended:
        yield f"it has ended ({task.state.name.lower()}); what is left is to take back the rest"
        return
    if task.state is TaskState.JOINING:
        yield f"providers may join until {timeline.told(task.deadline)}; those that agree are paid"
    else:
        yield "its providers work on, and those that agree are paid"
    yield "nobody serves the task's data meanwhile: whoever has not fetched them cannot join or run"
    yield "nobody fetches the output meanwhile; providers keep it for a limited time after the end"

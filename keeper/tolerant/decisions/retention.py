"""Which tasks' outputs a provider keeps."""

from solders.pubkey import Pubkey

from keeper.node.decisions.retention import Keeping
from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.decisions.state import Task


def provider_keeps(task: Task | None, owner: Pubkey, *, kept: bool) -> Keeping:
    """Returns for how long a provider keeps a task's output; None stands for a closed task.

    `kept` says that the kernel was run, so that the task may still be joined. Others compare with
    the output until the task ends, and the buyer fetches it from whoever was paid.
    """
    if task is None:
        return Keeping.DONE
    own = task.run_of(owner)
    if task.ended:
        return Keeping.RETAINED if own in task.paid_runs else Keeping.DONE
    takes_part = own is not None and own.state is not RunState.SILENT
    joining = own is None and kept and task.state is TaskState.JOINING
    return Keeping.NEEDED if takes_part or joining else Keeping.DONE

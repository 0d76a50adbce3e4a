"""What a provider of tasks has begun, and waits for before it leaves."""

from collections.abc import Iterable

from solders.pubkey import Pubkey

from keeper.node.decisions.held import Held
from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.decisions.state import Run, Task, TaskSnapshot

_BOND = "the bond of its run"
_LEFT = {
    TaskState.JOINING: "wait for the others that join it",
    TaskState.RUNNING: "wait for the commitments of its runs",
    TaskState.REVEALING: "wait for the outputs of its runs",
    TaskState.COMPARING: "compare its outputs",
    TaskState.DECIDING: "wait for its decision",
}


def held_by_task_provider(
    owner: Pubkey, tasks: Iterable[TaskSnapshot], kept: frozenset[Pubkey]
) -> tuple[Held, ...]:
    """Returns the runs of an owner whose bond can still be lost or taken back.

    `kept` are the tasks whose output is on disk; without it nothing can be done about a run.
    """
    found: list[Held] = []
    for view in tasks:
        run = view.task.run_of(owner)
        if run is not None and (held := _held(view.task, run, view.address in kept)) is not None:
            found.append(held)
    return tuple(found)


def _held(task: Task, run: Run, kept: bool) -> Held | None:
    if task.ended:
        return None if run.released else Held(task.address, "take back the bond of its run", None)
    if run.state is RunState.SILENT or not kept:
        return None
    until = None if task.state is TaskState.DECIDING else task.deadline
    return Held(task.address, _LEFT[task.state], until, run.bond, _BOND)

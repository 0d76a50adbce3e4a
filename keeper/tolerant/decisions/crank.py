"""What a crank does next for the tasks: every step that a deadline opens to anybody."""

from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.tolerant.decisions.actions import (
    CloseJoining,
    CloseTask,
    CollectTaskFee,
    Decide,
    ExpireRun,
    ReleaseBond,
    WithdrawCredit,
)
from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.decisions.state import TaskSnapshot


@dataclass(frozen=True, slots=True)
class TaskCrankSnapshot:
    """What a crank decides on."""

    owner: Pubkey
    tasks: tuple[TaskSnapshot, ...]


def next_action(snapshot: TaskCrankSnapshot, clock: Clock) -> Decision:
    """Returns a step that the chain accepts at `clock.slot`, otherwise when the next one opens."""
    opens: list[int] = []
    for view in snapshot.tasks:
        step = _step(snapshot.owner, view, clock)
        if not isinstance(step, Wait):
            return step
        if step.until is not None:
            opens.append(step.until)
    return Wait(min(opens, default=None))


def _step(owner: Pubkey, view: TaskSnapshot, clock: Clock) -> Decision:
    task = view.task
    if task.ended:
        return _leftovers(owner, view)
    if task.state is TaskState.DECIDING:
        return Decide(task.address)
    if clock.slot <= task.deadline:
        return Wait(task.deadline + 1)
    match task.state:
        case TaskState.JOINING:
            return CloseJoining(task.address)
        case TaskState.COMPARING:
            return Decide(task.address)
    awaited = RunState.JOINED if task.state is TaskState.RUNNING else RunState.COMMITTED
    silent = next((run.index for run in task.runs if run.state is awaited), None)
    return Wait() if silent is None else ExpireRun(task.address, silent)


def _leftovers(owner: Pubkey, view: TaskSnapshot) -> Decision:
    address, escrow = view.task.address, view.escrow
    if escrow is not None:
        for credit in escrow.unpaid_to(owner):
            return WithdrawCredit(address, credit)
        if escrow.fee_due:
            return CollectTaskFee(address)
    for run in view.task.runs:
        if not run.released:
            return ReleaseBond(address, run.index)
    return CloseTask(address) if escrow is None else Wait()

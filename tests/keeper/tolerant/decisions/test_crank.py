"""What anybody may do for a task, and when."""

from typing import Any

import pytest

from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.escrow import Credit
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
from keeper.tolerant.decisions.crank import TaskCrankSnapshot, next_action
from keeper.tolerant.decisions.state import TaskSnapshot
from tests.keeper.tolerant.decisions.views import CRANK, DEADLINE, TASK, key, money, run, task, view

RUNS = (
    run(0, key(10), RunState.REVEALED),
    run(1, key(11), RunState.COMMITTED),
    run(2, key(12), RunState.JOINED),
)


def step(*views: TaskSnapshot, slot: int = DEADLINE + 1) -> Decision:
    return next_action(TaskCrankSnapshot(CRANK, views), Clock(slot))


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (TaskState.JOINING, CloseJoining(TASK)),
        (TaskState.RUNNING, ExpireRun(TASK, 2)),
        (TaskState.REVEALING, ExpireRun(TASK, 1)),
        (TaskState.COMPARING, Decide(TASK)),
    ],
)
def test_every_state_is_ended_by_its_deadline(state: TaskState, action: Decision) -> None:
    found = view(task(state, *RUNS))
    assert step(found, slot=DEADLINE) == Wait(DEADLINE + 1)
    assert step(found) == action


def test_what_can_be_decided_is_decided_at_once() -> None:
    assert step(view(task(TaskState.DECIDING, *RUNS)), slot=0) == Decide(TASK)


def test_the_first_step_of_any_task_counts_and_the_earliest_wait() -> None:
    early, late = task(deadline=300), task(address=key(20), deadline=280)
    assert step(view(early), view(late), slot=200) == Wait(281)
    assert step(view(early), view(late), slot=290) == CloseJoining(key(20))
    assert step() == Wait()


def ended(*runs: Any) -> Any:
    return task(TaskState.SETTLED, *runs)


def test_leftovers_are_cleared_in_order() -> None:
    held, free = run(0, key(10), RunState.REVEALED), run(1, key(11), released=True)
    tip = Credit(CRANK, 3, False)
    others = Credit(key(10), 9, False)
    assert step(view(ended(held), money(others, tip, fee_due=2))) == WithdrawCredit(TASK, 1)
    assert step(view(ended(held), money(others, fee_due=2))) == CollectTaskFee(TASK)
    assert step(view(ended(free, held), money(others))) == ReleaseBond(TASK, 0)
    assert step(view(ended(free), money(others))) == Wait()
    assert step(view(ended(held))) == ReleaseBond(TASK, 0)
    assert step(view(ended(free))) == CloseTask(TASK)

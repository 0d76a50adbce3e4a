"""What a buyer takes back, and when."""

import pytest

from keeper.node.decisions.actions import Wait
from keeper.node.decisions.escrow import Credit
from keeper.tolerant.decisions.actions import (
    CloseTask,
    ReclaimTaskEscrow,
    ReleaseBond,
    WithdrawCredit,
)
from keeper.tolerant.decisions.buyer import next_action
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import has_ended
from tests.keeper.tolerant.decisions.views import BUYER, TASK, key, money, run, task, view


@pytest.mark.parametrize("state", [state for state in TaskState if not has_ended(state)])
def test_a_running_task_needs_nothing_of_its_buyer(state: TaskState) -> None:
    assert next_action(BUYER, view(task(state), money(final=False, balance=9))) == Wait()


@pytest.mark.parametrize("state", [state for state in TaskState if has_ended(state)])
def test_an_ended_task_gives_everything_back(state: TaskState) -> None:
    found = task(state, run(0, key(10)), run(1, key(11), released=True))
    owed, tip = Credit(key(10), 5, False), Credit(BUYER, 1, False)
    assert next_action(key(9), view(found)) == Wait()
    assert next_action(BUYER, view(found, money(owed, tip, balance=9))) == WithdrawCredit(TASK, 1)
    assert next_action(BUYER, view(found, money(owed, balance=9))) == ReclaimTaskEscrow(TASK)
    assert next_action(BUYER, view(found, money(owed, balance=5))) == Wait()
    assert next_action(BUYER, view(found, money())) == ReclaimTaskEscrow(TASK)
    assert next_action(BUYER, view(found)) == ReleaseBond(TASK, 0)
    free = task(state, run(0, key(10), released=True))
    assert next_action(BUYER, view(free)) == CloseTask(TASK)

"""What a provider of tasks sees to its end before it leaves."""

import pytest

from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.decisions.held import held_by_task_provider
from tests.keeper.tolerant.decisions.views import DEADLINE, ME, TASK, key, run, task, view

KEPT = frozenset({TASK})


@pytest.mark.parametrize(
    ("state", "until"),
    [
        (TaskState.JOINING, DEADLINE),
        (TaskState.RUNNING, DEADLINE),
        (TaskState.REVEALING, DEADLINE),
        (TaskState.COMPARING, DEADLINE),
        (TaskState.DECIDING, None),
    ],
)
def test_a_run_is_held_until_its_task_has_ended(state: TaskState, until: int | None) -> None:
    (held,) = held_by_task_provider(ME, [view(task(state, run(0, ME)))], KEPT)
    assert (held.subject, held.until, held.loss) == (TASK, until, 101)
    assert held_by_task_provider(ME, [view(task(state, run(0, key(9))))], KEPT) == ()


def test_a_bond_that_is_lost_already_is_not_waited_for() -> None:
    silent = view(task(TaskState.REVEALING, run(0, ME, RunState.SILENT)))
    assert held_by_task_provider(ME, [silent], KEPT) == ()
    gone = view(task(TaskState.REVEALING, run(0, ME)))
    assert held_by_task_provider(ME, [gone], frozenset()) == ()


def test_the_bond_of_an_ended_task_is_taken_back() -> None:
    (held,) = held_by_task_provider(ME, [view(task(TaskState.SETTLED, run(0, ME)))], frozenset())
    assert (held.left, held.loss) == ("take back the bond of its run", 0)
    released = view(task(TaskState.SETTLED, run(0, ME, released=True)))
    assert held_by_task_provider(ME, [released], KEPT) == ()

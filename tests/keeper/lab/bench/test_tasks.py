"""The compute units of tasks."""

import pytest

from keeper.lab.bench.tasks import play_tasks
from keeper.lab.bench.units import Measured, dearest
from keeper.lab.market.sandbox import Sandbox
from neurolov_client import redundancy


@pytest.fixture(scope="module")
def figures() -> dict[str, Measured]:
    """The dearest call of each instruction."""
    sandbox = Sandbox()
    play_tasks(sandbox)
    return dearest(sandbox.bank.history(redundancy.ID))


def test_every_instruction_of_tasks_is_measured(figures: dict[str, Measured]) -> None:
    names = {f"redundancy.{name}" for name in redundancy.INSTRUCTIONS}
    assert names <= figures.keys()
    assert "escrow.burn" in figures


def test_no_step_of_a_task_comes_near_the_limit(figures: dict[str, Measured]) -> None:
    """A transaction that asks for no other limit may use 200,000 units per instruction."""
    units = {name: each.units for name, each in figures.items() if name.startswith("redundancy.")}
    assert max(units.values()) <= 60_000
    # before a join asked for standing stake it took 13,754 units
    assert units["redundancy.join"] <= 13_754 + 1_500

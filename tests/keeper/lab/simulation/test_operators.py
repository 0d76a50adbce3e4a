import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.lab.simulation.operators import Operator, lost_to_lies

STEPS = st.lists(st.tuples(st.sampled_from(["lock", "release", "lose"]), st.integers(0, 400)))


@given(st.integers(0, 1_000), STEPS)
def test_losses_never_exceed_the_budget(budget: int, steps: list[tuple[str, int]]) -> None:
    operator, lost = Operator(budget), 0
    for step, amount in steps:
        before = (operator.budget, operator.exposed)
        try:
            getattr(operator, step)(amount)
        except ValueError:
            assert (operator.budget, operator.exposed) == before
        else:
            lost += amount if step == "lose" else 0
        assert 0 <= operator.exposed <= operator.budget == budget - lost
    assert lost <= budget


def test_nothing_is_locked_beyond_the_budget() -> None:
    operator = Operator(10)
    operator.lock(6)
    with pytest.raises(ValueError, match="beyond the budget"):
        operator.lock(5)
    operator.lose(6)
    with pytest.raises(ValueError, match="beyond the budget"):
        operator.lock(5)
    with pytest.raises(ValueError, match="more than is exposed"):
        operator.lose(1)
    assert operator == Operator(4)


@pytest.mark.parametrize(("budget", "lost"), [(0, 0), (24, 0), (25, 25), (300, 300), (310, 300)])
def test_a_stolen_key_lies_until_no_lease_is_left(budget: int, lost: int) -> None:
    assert lost_to_lies(Operator(budget), 25) == lost

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.lab.simulation.turns import LOTS, Order, Turns
from keeper.node.decisions.claim_order import delay

ORDER = Order(claim_scale_slots=2, claim_max_delay_slots=32)
AMOUNTS = st.integers(1, 2**63)


@given(st.integers(0, 50), st.integers(1, 64), AMOUNTS, AMOUNTS, st.lists(st.integers(0, LOTS - 1)))
def test_waits_are_those_of_the_chain(
    scale: int, longest: int, weight: int, total: int, lots: list[int]
) -> None:
    order = Order(scale, longest)
    turns = Turns.of(order, weight, total)
    ends = [each + shift for each in turns.least_lots for shift in (-1, 0) if each < LOTS]
    lots += [lot for lot in ends if lot >= 0] + [0, LOTS - 1]
    expected = [delay(order, lot, weight, total) for lot in lots]
    assert turns.waits(np.array(lots, np.uint64)).tolist() == expected


def test_without_weight_every_key_waits_longest() -> None:
    turns = Turns.of(ORDER, 0, 100)
    assert set(turns.least_lots) == {LOTS}
    assert turns.waits(np.array([0, LOTS - 1], np.uint64)).tolist() == [32, 32]
    assert turns.due(300).tolist() == [0.0] * 32


def test_the_first_of_many_keys_waits_as_one_key_with_all_their_stake() -> None:
    """Splitting stake gains nothing beyond the rounding to whole slots."""
    whole = Turns.of(ORDER, 30, 9_030).due()
    split = Turns.of(ORDER, 10**8, 9_030 * 10**9).due(300)
    np.testing.assert_allclose(split, whole, atol=1e-6)


def test_due_is_the_share_of_lots() -> None:
    random = Random(1)
    turns = Turns.of(ORDER, 1, 4)
    lots = np.array([random.randrange(LOTS) for _ in range(20_000)], np.uint64)
    counted = [(turns.waits(lots) <= wait).mean() for wait in range(32)]
    assert turns.due().tolist() == pytest.approx(counted, abs=0.02)

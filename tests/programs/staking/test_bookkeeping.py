"""Stake over time on the chain: the model's rings, the full history, and no room below zero."""

from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.stakers import position
from tests.programs.staking.bookkeeping import UNIT, Books

WAITS: Final = (1, 40, CHECKPOINT_SLOTS - 1, CHECKPOINT_SLOTS, 5 * CHECKPOINT_SLOTS // 2)
UNITS: Final = (1, 2, 2, 3, 6)
MOVES: Final = {
    "stake": 4,
    "unstake": 2,
    "lease": 3,
    "release": 1,
    "convict": 2,
    "sit": 3,
    "vote": 3,
    "punish": 2,
    "leave": 4,
}
"""How often each step is taken, in proportion."""
STEPS: Final = 80


def take(books: Books, random: Random) -> None:
    """Takes a step of some owner, and lets time pass now and then."""
    if random.random() < 0.3:
        books.wait(random.choice(WAITS))
    if random.random() < 0.1:
        books.snap()
    (name,) = random.choices(list(MOVES), list(MOVES.values()))
    holder = random.choice(books.holders)
    if name in {"release", "leave"}:
        getattr(books, name)(holder)
    else:
        getattr(books, name)(holder, random.choice(UNITS) * UNIT)


@pytest.mark.parametrize("seed", range(12))
def test_the_ring_equals_the_full_history(seed: int) -> None:
    books, random = Books.opened(), Random(seed)
    for _ in range(STEPS):
        take(books, random)
        books.check()
    books.world.check_conserved()


@settings(max_examples=5, derandomize=True, database=None)
@given(amounts=st.lists(st.integers(1, 3), min_size=12, max_size=12))
def test_eight_changed_windows_are_remembered_and_no_more(amounts: list[int]) -> None:
    books = Books.opened()
    (holder, *_) = books.holders
    for amount in amounts:
        books.stake(holder, amount * UNIT // 3)
        books.wait(CHECKPOINT_SLOTS)
        books.check()
    ring = position(books.world, holder.actor).history.ring
    assert len({each.window for each in ring}) == 8
    known = [window for window in books.began if holder.model.at(window)]
    assert min(known) == books.world.window - 8

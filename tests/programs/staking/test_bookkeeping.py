"""Stake over time on the chain: the model's rings, the full history, and no room below zero."""

from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.stakers import position
from tests.programs.staking.bookkeeping import OWNERS, UNIT, Books

WAITS: Final = (1, 40, CHECKPOINT_SLOTS - 1, CHECKPOINT_SLOTS, 5 * CHECKPOINT_SLOTS // 2)
MOVES: Final = ("stake", "unstake", "lease", "convict", "sit", "vote", "punish")
STEPS: Final = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from(WAITS)),
    st.tuples(st.just("snap")),
    st.tuples(st.sampled_from(["release", "leave"]), st.integers(0, OWNERS - 1)),
    st.tuples(st.sampled_from(MOVES), st.integers(0, OWNERS - 1), st.integers(1, 12)),
    st.tuples(st.sampled_from(["stake", "sit"]), st.integers(0, OWNERS - 1), st.just(6)),
)


def take(books: Books, step: tuple[Any, ...]) -> None:
    """Takes one step and lets a transaction's slot pass now and then."""
    name, *arguments = step
    if name in {"wait", "snap"}:
        getattr(books, name)(*arguments)
    else:
        owner, *units = arguments
        getattr(books, name)(books.holders[owner], *(each * UNIT for each in units))


@settings(max_examples=25, derandomize=True, database=None)
@given(steps=st.lists(STEPS, min_size=30, max_size=60))
def test_the_ring_equals_the_full_history(steps: list[tuple[Any, ...]]) -> None:
    books = Books.opened()
    for step in steps:
        take(books, step)
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

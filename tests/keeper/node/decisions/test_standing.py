from typing import NamedTuple

import pytest

from keeper.node.decisions.standing import amount_at, claim_weight, standing


class Entry(NamedTuple):
    window: int
    amount: int


def ring(*entries: tuple[int, int], size: int = 8) -> list[Entry]:
    """Entries, the latest first, with unused ones after them."""
    return [Entry(*each) for each in entries] + [Entry(0, 0)] * (size - len(entries))


def test_an_amount_counts_after_two_window_starts() -> None:
    staked = ring((3, 0))
    assert [amount_at(staked, window, 10) for window in (2, 3, 4)] == [0, 0, 10]
    assert [standing(staked, window, 10) for window in (3, 4, 5)] == [0, 0, 10]


def test_what_has_left_counts_for_one_window_less() -> None:
    left = ring((5, 10), (3, 0))
    assert [standing(left, window, 2) for window in (4, 5, 6, 7)] == [0, 10, 2, 2]


def test_nothing_counts_in_the_first_window() -> None:
    assert standing(ring(), 0, 5) == 0
    assert standing(ring(), 1, 5) == 0
    assert standing(ring(), 2, 5) == 5


@pytest.mark.parametrize(("window", "amount"), [(0, 0), (1, 0), (2, 2), (3, 3), (9, 9), (10, 7)])
def test_a_full_ring_forgets_the_oldest(window: int, amount: int) -> None:
    full = ring(*((changed, changed) for changed in range(9, 1, -1)))
    assert amount_at(full, window, 7) == amount


def test_a_full_ring_still_knows_the_window_of_its_oldest_entry() -> None:
    full = ring(*((changed, 100 + changed) for changed in range(8, 0, -1)))
    assert [amount_at(full, window, 5) for window in (0, 1, 2, 8, 9)] == [0, 101, 102, 108, 5]


@pytest.mark.parametrize(
    ("stood", "amount", "room", "weight"),
    [
        (100, 100, 100, 100),
        (100, 100, 40, 40),
        # what has arrived since does not count,
        (100, 150, 150, 100),
        (0, 30, 30, 0),
        # not even where other stake of the key is bound,
        (100, 200, 100, 0),
        (100, 130, 60, 30),
        # and what is gone counts no more.
        (100, 70, 20, 20),
    ],
)
def test_the_room_counts_less_what_has_arrived(
    stood: int, amount: int, room: int, weight: int
) -> None:
    assert claim_weight(stood, amount, room) == weight

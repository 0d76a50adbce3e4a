from dataclasses import dataclass
from itertools import permutations
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from keeper.node.decisions.actions import Action
from keeper.node.decisions.urgency import STEP_SLOTS, Owed, most_urgent


@dataclass(frozen=True, slots=True)
class Step(Action):
    kind: ClassVar[str] = "step"
    number: int


Terms = list[tuple[int, int]]
"""Deadline and loss of each step."""

TERMS = st.lists(st.tuples(st.integers(100, 130), st.integers(1, 5)), min_size=1, max_size=6)


def owed(terms: Terms) -> list[Owed]:
    return [Owed(Step(number), *each) for number, each in enumerate(terms)]


def in_turn(terms: Terms, slot: int) -> list[tuple[Owed, int]]:
    """The steps that land, with their slot, if one is taken after the other."""
    left, landed = owed(terms), []
    while (action := most_urgent(left, slot)) is not None:
        (step,) = (each for each in left if each.action == action)
        left.remove(step)
        landed.append((step, slot))
        slot += STEP_SLOTS
    return landed


def least_loss(terms: Terms, slot: int) -> int:
    """What the best of all sequences loses."""
    best = sum(loss for _, loss in terms)
    for order in permutations(range(len(terms))):
        lost, at = 0, slot
        for number in order:
            deadline, loss = terms[number]
            if at > deadline:
                lost += loss
            else:
                at += STEP_SLOTS
        best = min(best, lost)
    return best


def test_the_earliest_deadline_comes_first() -> None:
    assert most_urgent(owed([(150, 9), (140, 1)]), 100) == Step(1)


def test_the_larger_loss_comes_first_of_two_that_end_together() -> None:
    assert most_urgent(owed([(140, 1), (140, 9), (140, 9)]), 100) == Step(1)


def test_the_cheaper_gives_way_where_only_one_can_land() -> None:
    close = [(100 + STEP_SLOTS - 2, 1), (100 + STEP_SLOTS - 1, 9)]
    assert most_urgent(owed(close), 100) == Step(1)
    apart = [(100 + STEP_SLOTS - 1, 1), (100 + STEP_SLOTS, 9)]
    assert most_urgent(owed(apart), 100) == Step(0)


def test_what_is_past_is_not_tried() -> None:
    assert most_urgent(owed([(99, 9)]), 100) is None
    assert most_urgent([], 100) is None
    assert most_urgent(owed([(99, 9), (100, 1)]), 100) == Step(1)


@given(TERMS)
def test_no_sequence_loses_less(terms: Terms) -> None:
    landed = in_turn(terms, 100)
    assert all(at <= step.deadline for step, at in landed)
    lost = sum(loss for _, loss in terms) - sum(step.loss for step, _ in landed)
    assert lost == least_loss(terms, 100)


@given(TERMS)
def test_no_step_starves_where_all_can_land(terms: Terms) -> None:
    if least_loss(terms, 100) == 0:
        assert len(in_turn(terms, 100)) == len(terms)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.exact.decisions.questions import Output, question, question_seed, seed_slot
from kernels.trace import DType
from neurolov_client.bindings.verdict import QUESTIONS
from tests.keeper.exact.decisions.views import JOB

OUTPUTS: list[Output] = [((1, 1, 3, 6), DType.INT8), ((1, 1, 1, 2), DType.INT32)]
WORK = [18, 18 + 2 * 27]


def test_every_element_is_asked_for_and_no_padding() -> None:
    asked = {
        question(bytes([n]) * 32, i, OUTPUTS, WORK) for n in range(256) for i in range(QUESTIONS)
    }
    rows = {(0, row * 8 + column) for row in range(3) for column in range(6)}
    assert asked == rows | {(1, 0), (1, 1)}


def test_operators_are_asked_for_by_their_work() -> None:
    asked = [
        question(bytes([n]) * 32, i, OUTPUTS, WORK) for n in range(256) for i in range(QUESTIONS)
    ]
    assert 0.7 < sum(operator for operator, _ in asked) / len(asked) < 0.8


def test_without_outputs_there_is_nothing_to_ask() -> None:
    with pytest.raises(ValueError, match="nothing to ask"):
        question(bytes(32), 0, [], [])


def test_the_seed_binds_the_job() -> None:
    assert question_seed(bytes(32), JOB) != question_seed(bytes(32), type(JOB)(bytes(32)))


@pytest.mark.parametrize(
    ("slot", "expected"), [(13, 12), (524, 12), (525, 524), (1_036, 524), (1_037, 1_036)]
)
def test_a_hash_that_is_gone_is_replaced_by_a_later_one(slot: int, expected: int) -> None:
    assert seed_slot(10, slot) == expected


def test_before_its_hash_exists_nothing_is_known() -> None:
    with pytest.raises(ValueError, match="before slot 13"):
        seed_slot(10, 12)


@given(st.integers(0, 2**40), st.integers(3, 2**20))
def test_the_hash_is_still_kept(asked: int, later: int) -> None:
    slot = seed_slot(asked, asked + later)
    assert 1 <= asked + later - slot <= 512

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.lab.simulation import ATTACKS, Attack, Choice, Data, Drawn, Ending, judge

ALL_COLLUDE = (Drawn(0, 0, 3),) * 3
draws_of_three = st.lists(
    st.sampled_from([Drawn(h, z, 3 - h - z) for h, z in product(range(4), repeat=2) if h + z <= 3]),
    min_size=3,
    max_size=3,
).map(tuple)


def surely(ending: Ending) -> tuple[float, ...]:
    return tuple(float(each is ending) for each in Ending)


def served(colluders: Choice) -> Attack:
    return Attack(Data.SERVED, colluders, 1.0)


def withheld(colluders: Choice, skipped: float = 1.0) -> Attack:
    return Attack(Data.WITHHELD, colluders, skipped)


@pytest.mark.parametrize("colluders", Choice)
def test_one_honest_verifier_with_data_is_enough(colluders: Choice) -> None:
    draws = (Drawn(1, 0, 2), Drawn(0, 0, 3), Drawn(0, 0, 3))
    assert judge(draws, served(colluders), False) == surely(Ending.CONVICTED)


def test_without_an_honest_verifier_a_cheat_is_paid() -> None:
    assert judge(ALL_COLLUDE, served(Choice.ACCEPT), True) == surely(Ending.PAID)
    assert judge(ALL_COLLUDE, withheld(Choice.REJECT), True) == surely(Ending.PAID)
    assert judge(ALL_COLLUDE, withheld(Choice.SILENT), True) == surely(Ending.PAID)


def test_silence_brings_more_verifiers() -> None:
    draws = (Drawn(0, 0, 3), Drawn(0, 0, 3), Drawn(1, 0, 2))
    assert judge(draws, served(Choice.SILENT), False) == surely(Ending.CONVICTED)
    assert judge(draws, served(Choice.ACCEPT), False) == surely(Ending.PAID)


def test_lazy_verifiers_accept() -> None:
    draws = (Drawn(0, 2, 1), Drawn(3, 0, 0), Drawn(3, 0, 0))
    assert judge(draws, served(Choice.SILENT), True) == surely(Ending.PAID)


def test_missing_data_needs_a_majority_or_a_buyer() -> None:
    minority = (Drawn(1, 0, 2),) * 3
    assert judge(minority, withheld(Choice.ACCEPT), False) == surely(Ending.PAID)
    assert judge(minority, withheld(Choice.ACCEPT), True) == surely(Ending.UNANSWERED)
    assert judge(minority, withheld(Choice.REJECT), True) == surely(Ending.UNANSWERED)
    majority = (Drawn(2, 0, 1),) * 3
    assert judge(majority, withheld(Choice.ACCEPT), False) == surely(Ending.UNANSWERED)


def test_answers_are_right_as_often_as_the_work_was_done() -> None:
    majority = (Drawn(2, 0, 1),) * 3
    found = judge(majority, withheld(Choice.ACCEPT, 0.1), False)
    assert found[Ending.UNANSWERED] == pytest.approx(1 - 0.9**8)
    assert found[Ending.UNAVAILABLE] == pytest.approx(0.9**8)
    assert found[Ending.PAID] == found[Ending.CONVICTED] == 0


def test_the_buyer_asks_once() -> None:
    draws = (Drawn(1, 0, 2),) * 3
    found = judge(draws, withheld(Choice.ACCEPT, 0.1), True)
    assert found[Ending.PAID] == pytest.approx(0.9**8)


def test_an_even_split_is_asked_again_and_pays_in_the_end() -> None:
    draws = (Drawn(1, 0, 1), Drawn(1, 0, 1), Drawn(1, 0, 1))
    assert judge(draws, withheld(Choice.ACCEPT), False) == surely(Ending.PAID)


def test_fewer_draws_than_three_where_seats_run_out() -> None:
    assert judge((Drawn(1, 0, 1),), withheld(Choice.ACCEPT), False) == surely(Ending.PAID)
    assert judge((Drawn(1, 0, 1),), withheld(Choice.ACCEPT), True) == surely(Ending.UNANSWERED)


@given(draws_of_three, st.sampled_from(ATTACKS), st.booleans())
def test_endings_are_a_distribution(
    draws: tuple[Drawn, ...], attack: Attack, attended: bool
) -> None:
    found = judge(draws, attack, attended)
    assert min(found) >= 0
    assert sum(found) == pytest.approx(1)


@given(draws_of_three, st.sampled_from(ATTACKS))
def test_a_demanding_buyer_never_helps_a_cheat(draws: tuple[Drawn, ...], attack: Attack) -> None:
    alone, attended = judge(draws, attack, False), judge(draws, attack, True)
    assert attended[Ending.PAID] <= alone[Ending.PAID] + 1e-12


@given(draws_of_three, st.sampled_from(Choice))
def test_an_honest_verifier_of_the_first_draw_never_pays_whoever_skipped_all(
    draws: tuple[Drawn, ...], colluders: Choice
) -> None:
    if draws[0].honest:
        for data in Data:
            assert judge(draws, Attack(data, colluders, 1.0), True)[Ending.PAID] == 0

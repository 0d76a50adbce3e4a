"""Monte Carlo against the closed form."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.lab.simulation import ATTACKS, Attack, Choice, Data, Economics, Ending, Seats, simulate
from keeper.lab.simulation.closed_form import (
    expected_profit,
    honest_majority,
    honest_majority_of_many,
    some_honest,
    some_honest_of_many,
)
from keeper.lab.simulation.profit import estimate, payoffs
from tests.keeper.lab.simulation.test_economics import LOCALNET, some_economics

RUNS = 40_000
SERVED = Attack(Data.SERVED, Choice.ACCEPT, 1.0)
WITHHELD = Attack(Data.WITHHELD, Choice.ACCEPT, 1.0)


def dice() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("verifiers", [1, 3, 5])
@pytest.mark.parametrize("collusion", [0, 2_500, 5_000])
def test_equal_seats_follow_the_closed_form(verifiers: int, collusion: int) -> None:
    economics = replace(LOCALNET, collusion_bps=collusion, verifiers=verifiers)
    honest = 40 - collusion * 40 // 10_000
    draws = Seats.of(economics).draw(dice(), RUNS, verifiers)
    trials = simulate(draws, rng=dice(), attended=False, attacks=(SERVED, WITHHELD))
    for attack, ending, caught in (
        (SERVED, Ending.CONVICTED, some_honest(verifiers, honest, 40)),
        (WITHHELD, Ending.UNANSWERED, honest_majority(verifiers, honest, 40)),
    ):
        endings = trials.endings[attack]
        assert sum(endings) == RUNS
        tolerance = 5 * (caught * (1 - caught) / RUNS) ** 0.5
        assert endings[ending] / RUNS == pytest.approx(caught, abs=tolerance + 1e-12)
        found = estimate(economics, attack, endings, 0.1)
        exact = expected_profit(economics, attack.data, 0.1, caught)
        assert found.low < exact < found.high


@pytest.mark.parametrize("splits", [1, 4])
def test_the_first_drawn_is_honest_with_the_honest_share(splits: int) -> None:
    economics = replace(LOCALNET, lazy_bps=2_000, verifiers=1)
    draws = Seats.of(economics, splits).draw(dice(), RUNS, 1)
    honest = sum(count for drawn, count in draws.items() if drawn[0].honest)
    assert honest / RUNS == pytest.approx(0.6, abs=5 * (0.24 / RUNS) ** 0.5)


def test_a_draw_never_repeats_a_seat() -> None:
    seats = Seats(np.array([0.9, 0.06, 0.04]), np.array([0, 1, 2], np.int8))
    draws = seats.draw(dice(), 500, 3)
    (only,) = draws
    assert [(d.honest, d.lazy, d.colluding) for d in only] == [(1, 1, 1)]
    assert draws[only] == 500


def test_seats_keep_shares_however_they_are_split() -> None:
    economics = replace(LOCALNET, lazy_bps=1_000)
    for splits in (1, 4):
        seats = Seats.of(economics, splits)
        shares = [float(seats.weights[seats.conduct == kind].sum()) for kind in range(3)]
        assert shares == pytest.approx([0.675, 0.075, 0.25])
    assert len(Seats.of(economics, 4).weights) == len(Seats.of(economics).weights) + 30


def test_equal_seeds_give_equal_trials() -> None:
    first, second = (
        simulate(Seats.of(LOCALNET).draw(rng, 1_000, 3), rng=rng).endings
        for rng in (dice(), dice())
    )
    assert first == second


def test_seats_many_enough_follow_the_limit() -> None:
    assert some_honest(3, 7_500, 10_000) == pytest.approx(some_honest_of_many(3, 0.75), abs=1e-3)
    assert honest_majority(5, 7_500, 10_000) == pytest.approx(
        honest_majority_of_many(5, 0.75), abs=1e-3
    )


@given(st.sampled_from([1, 3, 5]), st.floats(0, 1))
def test_one_of_several_is_honest_at_least_as_often_as_one(verifiers: int, share: float) -> None:
    assert some_honest_of_many(verifiers, share) >= share - 1e-12
    if share >= 0.5:
        assert honest_majority_of_many(verifiers, share) >= share - 1e-9
    else:
        assert honest_majority_of_many(verifiers, share) <= share + 1e-9


@given(some_economics, st.floats(0, 1))
def test_the_bound_is_above_every_cheat_that_the_draw_bounds(
    economics: Economics, extra: float
) -> None:
    """Caught at least as often as the first verifier is honest, a cheat gains at most the bound."""
    caught = economics.honest_share + extra * (1 - economics.honest_share)
    sampling = economics.p_floor_bps / 10_000
    for data in Data:
        assert expected_profit(economics, data, sampling, caught) <= economics.bound + 1e-9


@given(some_economics, st.floats(0, 1), st.floats(0, 1))
def test_profit_falls_with_sampling_catching_and_stake(
    economics: Economics, sampling: float, caught: float
) -> None:
    for data in Data:
        base = expected_profit(economics, data, sampling, caught)
        more = sampling + (1 - sampling) / 2, caught + (1 - caught) / 2
        assert expected_profit(economics, data, more[0], caught) <= base + 1e-9
        assert expected_profit(economics, data, sampling, more[1]) <= base + 1e-9
        deeper = replace(economics, kappa=economics.kappa + 1)
        assert expected_profit(deeper, data, sampling, caught) <= base + 1e-9


@given(some_economics, st.floats(0, 1))
def test_skipping_part_of_the_work_pays_less_than_the_bound(
    economics: Economics, skipped: float
) -> None:
    """1 - (1 - s)^8 >= s, so whoever is safe from skipping all is safe from skipping a part."""
    attack = Attack(Data.WITHHELD, Choice.ACCEPT, skipped)
    values = payoffs(economics, attack)
    missed = 1 - (1 - skipped) ** 8
    sampled = economics.p_floor_bps / 10_000 * economics.honest_share
    profit = (1 - sampled * missed) * values[Ending.PAID] + sampled * missed * values[
        Ending.UNANSWERED
    ]
    assert profit <= max(0.0, skipped * economics.bound) + 1e-9


@given(some_economics)
def test_an_interval_holds_its_mean_and_narrows(economics: Economics) -> None:
    for attack in ATTACKS:
        few, many = (
            estimate(economics, attack, (10 * n, 20 * n, 5 * n, 5 * n), 0.1) for n in (1, 100)
        )
        assert few.low - 1e-9 <= few.profit <= few.high + 1e-9
        assert many.high - many.low <= few.high - few.low + 1e-9

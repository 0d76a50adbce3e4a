from dataclasses import replace
from math import exp

import numpy as np
import pytest

from keeper.amounts import NLOV
from keeper.lab.commands.simulate import stakes
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.simulation.key_choice import Contest, Rule, Ties, jobs_won, share_taken
from keeper.lab.simulation.turns import Order

DEMANDED = stakes(LOCALNET_PARAMETERS)
JOBS = Contest(
    DEMANDED.claims,
    honest_keys=3,
    honest_stake=9_000 * NLOV,
    attacker_keys=300,
    attacker_stake=30 * NLOV,
)
"""The audit's exploit: 30 of 9,030 NLOV, and 300 keys."""
TASKS = replace(JOBS, order=DEMANDED.joins, honest_keys=100)
CLAIMS = 200_000


def dice() -> np.random.Generator:
    return np.random.default_rng(7)


def test_many_keys_win_what_their_stake_is_worth() -> None:
    share = share_taken(JOBS, Rule.STANDING, Ties.SHARED, postings=CLAIMS, rng=dice())
    assert JOBS.fair_share == pytest.approx(0.0033, abs=5e-5)
    assert share == pytest.approx(JOBS.fair_share, rel=0.2)


def test_stake_that_arrives_after_the_beacon_would_win_half_of_all_jobs() -> None:
    share = share_taken(JOBS, Rule.ARRIVING, Ties.SHARED, postings=20_000, rng=dice())
    assert share == pytest.approx(0.49, abs=0.02)


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("ties", Ties)
@pytest.mark.parametrize("idle", [0, 27_000 * NLOV])
def test_the_closed_form_is_what_claims_come_to(rule: Rule, ties: Ties, idle: int) -> None:
    contest = replace(JOBS, idle_stake=idle)
    share = share_taken(contest, rule, ties, postings=CLAIMS, rng=dice())
    expected = jobs_won(contest, rule, ties)
    assert abs(share - expected) < 4 * (expected * (1 - expected) / CLAIMS) ** 0.5


@pytest.mark.parametrize("ties", Ties)
def test_the_number_of_keys_gains_nothing_once_stake_has_to_stand(ties: Ties) -> None:
    shares = [
        jobs_won(replace(JOBS, attacker_keys=keys), Rule.STANDING, ties)
        for keys in (1, 30, 300, 3_000)
    ]
    assert shares == pytest.approx([shares[0]] * 4, rel=1e-4)
    moved = [
        jobs_won(replace(JOBS, attacker_keys=keys), Rule.ARRIVING, ties)
        for keys in (1, 30, 300, 3_000)
    ]
    assert moved == sorted(moved)
    assert moved[-1] > 200 * moved[0]


def test_the_honest_split_changes_nothing() -> None:
    for keys in (1, 9, 900):
        split = jobs_won(replace(JOBS, honest_keys=keys), Rule.STANDING, Ties.SHARED)
        assert split == pytest.approx(
            jobs_won(JOBS, Rule.STANDING, Ties.SHARED), rel=0.01 if keys > 1 else 0.05
        )


def test_a_leader_that_favours_the_attacker_gives_it_a_third_of_its_share_more() -> None:
    favoured = jobs_won(JOBS, Rule.STANDING, Ties.LOST)
    assert 1.2 < favoured / JOBS.fair_share < 1.34


def test_what_nobody_is_due_for_is_the_attackers() -> None:
    """A longest wait of 16 times the average of all stake is too short where much stake is idle."""
    idle = replace(JOBS, order=Order(2, 32), idle_stake=3 * 9_030 * NLOV)
    won = jobs_won(idle, Rule.STANDING, Ties.SHARED)
    assert won == pytest.approx(JOBS.fair_share + exp(-16 / 4), rel=0.2)
    half = jobs_won(replace(idle, order=DEMANDED.claims), Rule.STANDING, Ties.SHARED)
    assert half == pytest.approx(JOBS.fair_share + exp(-32 / 4), rel=0.1)
    patient = replace(idle, order=Order(2, 128))
    assert jobs_won(patient, Rule.STANDING, Ties.SHARED) == pytest.approx(JOBS.fair_share, rel=0.1)


def test_keys_without_reputation_are_due_four_times_later() -> None:
    new = jobs_won(replace(JOBS, reputation=0), Rule.STANDING, Ties.SHARED)
    idle = jobs_won(replace(JOBS, idle_stake=3 * 9_030 * NLOV), Rule.STANDING, Ties.SHARED)
    assert new == pytest.approx(idle, rel=1e-3)


@pytest.mark.parametrize("keys", [3, 300])
def test_many_keys_take_the_runs_that_their_stake_is_worth(keys: int) -> None:
    contest = replace(TASKS, attacker_keys=keys)
    share = share_taken(contest, Rule.STANDING, Ties.SHARED, postings=CLAIMS, places=3, rng=dice())
    assert share == pytest.approx(contest.fair_share, rel=0.2)


def test_stake_that_arrives_would_take_runs_by_the_number_of_keys() -> None:
    arriving = share_taken(TASKS, Rule.ARRIVING, Ties.SHARED, postings=4_000, places=3, rng=dice())
    assert arriving > 60 * TASKS.fair_share


def test_a_place_without_an_honest_key_is_the_attackers() -> None:
    alone = replace(TASKS, honest_keys=2)
    share = share_taken(alone, Rule.STANDING, Ties.SHARED, postings=2_000, places=3, rng=dice())
    assert share == pytest.approx(1 / 3, rel=0.05)

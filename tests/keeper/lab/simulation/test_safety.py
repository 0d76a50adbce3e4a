from dataclasses import replace

import numpy as np
import pytest

from keeper.lab.simulation import Economics, Grid, check_bound, sweep_all, sweep_size
from keeper.lab.simulation.safety import Safety
from tests.keeper.lab.simulation.test_economics import LOCALNET

SMALL = Grid(
    collusion=(0, 2_500, 6_000),
    lazy=(0, 2_000),
    floors=(1_000, 10_000),
    kappas=(0, 2, 15, 25, 50),
    burned=(2_500, 5_000, 10_000),
)


def checked(runs: int) -> tuple[Safety, Safety, int]:
    steps: list[None] = []
    attended, unattended = check_bound(
        SMALL, runs=runs, rng=np.random.default_rng(3), step=lambda: steps.append(None)
    )
    return attended, unattended, len(steps)


def test_no_accepted_set_pays_a_cheat_and_refused_ones_do() -> None:
    attended, unattended, steps = checked(4_000)
    assert steps == len(SMALL.populations)
    assert attended.unsafe == ()
    assert attended.accepted > 300
    assert attended.refused_that_pay > attended.refused // 2
    assert attended.closest.economics.accepted
    assert unattended.unsafe == ()


def test_without_an_honest_majority_withheld_data_would_pay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Economics, "accepted", property(lambda e: e.deterrence > 1))
    attended, unattended, _ = checked(4_000)
    assert attended.unsafe == ()
    assert unattended.unsafe
    assert max(point.economics.honest_share for point in unattended.unsafe) < 0.5


def test_too_few_runs_decide_nothing() -> None:
    attended, _, _ = checked(100)
    assert attended.undecided
    assert not attended.safe_side


def test_a_bound_that_accepts_too_much_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Economics, "accepted", property(lambda e: e.deterrence > 0.8))
    attended, _, _ = checked(4_000)
    assert attended.unsafe
    assert not attended.safe_side
    assert all(point.economics.deterrence < 1 for point in attended.unsafe)


def test_sweeps_lie_under_the_bound_and_move_with_their_parameter() -> None:
    steps: list[None] = []
    sweeps = sweep_all(
        LOCALNET, runs=4_000, rng=np.random.default_rng(3), step=lambda: steps.append(None)
    )
    assert len(steps) == sweep_size()
    assert [sweep.parameter for sweep in sweeps] == ["p", "k", "kappa", "r"]
    for sweep in sweeps:
        for sample in sweep.samples:
            assert sample.deployed.profit <= sample.worst.profit <= sample.economics.bound + 0.1
            assert sample.worst.profit <= sample.unattended.profit + 0.1
    floors, _, stakes, collusion = sweeps
    for sweep, direction in ((floors, -1), (stakes, -1), (collusion, 1)):
        profits = [sample.worst.profit for sample in sweep.samples]
        assert np.all(np.diff(profits) * direction > -0.1)
        assert profits[-1] * direction > profits[0] * direction
        assert sweep.threshold is not None
        accepted = [sample.economics.accepted for sample in sweep.samples]
        beyond = [(sample.value - sweep.threshold) * direction < 0 for sample in sweep.samples]
        assert accepted == beyond


def test_what_is_burned_in_vain_has_no_threshold() -> None:
    sweeps = sweep_all(
        replace(LOCALNET, slash_burn_bps=0),
        runs=200,
        rng=np.random.default_rng(3),
        step=lambda: None,
    )
    assert sweeps[2].threshold is None

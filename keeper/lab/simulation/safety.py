"""Whether cheating loses under every set of parameters that the programs accept."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np

from keeper.lab.simulation.economics import VERIFIER_COUNTS, Economics
from keeper.lab.simulation.profit import Estimate
from keeper.lab.simulation.seats import Seats
from keeper.lab.simulation.trials import Trials, simulate
from neurolov_client.bindings.job_registry import BPS


@dataclass(frozen=True, slots=True)
class Grid:
    """All combinations of these parameters, in the units of Economics.

    `splits`: by how many the colluders multiply their seats without more stake.
    """

    verifiers: tuple[int, ...] = VERIFIER_COUNTS
    collusion: tuple[int, ...] = (0, 1_000, 2_500, 4_000, 6_000)
    lazy: tuple[int, ...] = (0, 1_000, 2_000)
    splits: tuple[int, ...] = (1, 4)
    floors: tuple[int, ...] = (500, 1_000, 2_500, 5_000, 10_000)
    kappas: tuple[int, ...] = (0, 1, 2, 5, 10, 15, 25, 50, 100)
    burned: tuple[int, ...] = (0, 2_500, 5_000, 10_000)

    @property
    def populations(self) -> tuple[tuple[int, int, int, int], ...]:
        """Verifiers, colluding and lazy share and splits: what decides who is drawn."""
        return tuple(product(self.verifiers, self.collusion, self.lazy, self.splits))


GRID: Final = Grid()


@dataclass(frozen=True, slots=True)
class Point:
    """One set of parameters, the colluders' splits, and what cheating pays."""

    economics: Economics
    splits: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Safety:
    """The grid's sets of parameters, by what the programs and the simulation say of them."""

    accepted: int
    refused: int
    refused_that_pay: int
    """Refused rightly: the interval lies above zero."""
    unsafe: tuple[Point, ...]
    """Accepted although the interval lies above zero."""
    undecided: tuple[Point, ...]
    """Accepted, and zero lies in the interval."""
    closest: Point
    """Accepted with the highest end of its interval."""

    @property
    def safe_side(self) -> bool:
        """Returns whether the whole interval of every accepted set is below zero."""
        return not self.unsafe and not self.undecided


def worst_case(economics: Economics) -> Economics:
    """The worst that governance may set beside the inequality: only the burned share is lost."""
    return replace(economics, bounty_bps=BPS, bond_bps=0, fee_bps=0)


def check_bound(
    grid: Grid, *, runs: int, rng: np.random.Generator, step: Callable[[], None]
) -> tuple[Safety, Safety]:
    """Simulates the whole grid, once with buyers that demand answers and once without.

    `step` is called once for each of its populations.
    """
    attended: list[Point] = []
    unattended: list[Point] = []
    for verifiers, collusion, lazy, splits in grid.populations:
        base = Economics(
            p_floor_bps=BPS,
            collusion_bps=collusion,
            lazy_bps=lazy,
            slash_burn_bps=BPS,
            kappa=0,
            bounty_bps=BPS,
            bond_bps=0,
            fee_bps=0,
            verifiers=verifiers,
        )
        draws = Seats.of(base, splits).draw(rng, runs, verifiers)
        attended += _points(grid, base, simulate(draws, rng=rng), splits)
        unattended += _points(grid, base, simulate(draws, rng=rng, attended=False), splits)
        step()
    return _judged(attended), _judged(unattended)


def _points(grid: Grid, base: Economics, trials: Trials, splits: int) -> list[Point]:
    sets = (
        replace(worst_case(base), p_floor_bps=floor, kappa=kappa, slash_burn_bps=burned)
        for floor, kappa, burned in product(grid.floors, grid.kappas, grid.burned)
    )
    return [Point(each, splits, trials.best(each)) for each in sets]


def _judged(points: list[Point]) -> Safety:
    accepted = [point for point in points if point.economics.accepted]
    refused = [point for point in points if not point.economics.accepted]
    return Safety(
        accepted=len(accepted),
        refused=len(refused),
        refused_that_pay=sum(point.estimate.low > 0 for point in refused),
        unsafe=tuple(point for point in accepted if point.estimate.low > 0),
        undecided=tuple(
            point for point in accepted if point.estimate.low <= 0 <= point.estimate.high
        ),
        closest=max(accepted, key=lambda point: point.estimate.high),
    )

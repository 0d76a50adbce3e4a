"""The profit of cheating as one parameter varies and the others stay fixed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from keeper.lab.simulation.economics import VERIFIER_COUNTS, Economics
from keeper.lab.simulation.profit import Estimate
from keeper.lab.simulation.safety import worst_case
from keeper.lab.simulation.seats import Seats
from keeper.lab.simulation.trials import simulate
from neurolov_client.bindings.job_registry import BPS

SPLITS: Final = 4
"""Seats that a colluder holds for each seat of an honest verifier with the same stake."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of the parameter: what the programs say of it, and what a cheat may expect.

    `deployed` is under the deployment's slash split, bond and fee; `worst` under the worst that
    governance may choose for them; `unattended` is `worst` where no buyer ever demands answers.
    """

    value: float
    economics: Economics
    deployed: Estimate
    worst: Estimate
    unattended: Estimate


@dataclass(frozen=True, slots=True)
class Sweep:
    """A panel: `threshold` is where the inequality holds with equality, if it does within."""

    parameter: str
    samples: tuple[Sample, ...]
    threshold: float | None


def sweep_all(
    base: Economics, *, runs: int, rng: np.random.Generator, step: Callable[[], None]
) -> tuple[Sweep, ...]:
    """Returns the four panels: floor p, verifiers k, stake kappa, colluding share r.

    `step` is called once for each of `sweep_size()` samples.
    """
    loss = 1 + base.slash_burn_bps / BPS * base.kappa
    honest, floor = base.honest_share, base.p_floor_bps / BPS
    kept = 1 - base.lazy_bps / BPS

    def sweep(
        parameter: str, values: Sequence[float], field: str, scale: int, threshold: float | None
    ) -> Sweep:
        samples = []
        for value in values:
            economics = replace(base, **{field: round(value * scale)})
            samples.append(_sample(value, economics, runs, rng))
            step()
        within = threshold is not None and values[0] <= threshold <= values[-1]
        return Sweep(parameter, tuple(samples), threshold if within else None)

    return (
        sweep("p", _FLOORS, "p_floor_bps", BPS, _over(1, honest * loss)),
        sweep("k", VERIFIER_COUNTS, "verifiers", 1, None),
        sweep("kappa", _KAPPAS, "kappa", 1, _kappa_threshold(base)),
        sweep("r", _COLLUSIONS, "collusion_bps", BPS, 1 - _over(1, floor * kept * loss)),
    )


def sweep_size() -> int:
    """Returns the number of samples in all panels."""
    return sum(map(len, (_FLOORS, VERIFIER_COUNTS, _KAPPAS, _COLLUSIONS)))


_FLOORS: Final = (0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3)
_KAPPAS: Final = (0, 5, 10, 15, 20, 25, 30, 40, 50)
_COLLUSIONS: Final = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def _sample(value: float, economics: Economics, runs: int, rng: np.random.Generator) -> Sample:
    draws = Seats.of(economics, SPLITS).draw(rng, runs, economics.verifiers)
    attended = simulate(draws, rng=rng)
    unattended = simulate(draws, rng=rng, attended=False)
    worst = worst_case(economics)
    return Sample(
        value,
        economics,
        attended.best(economics),
        attended.best(worst),
        unattended.best(worst),
    )


def _kappa_threshold(base: Economics) -> float | None:
    least = _over(1, base.p_floor_bps / BPS * base.honest_share)
    burned = base.slash_burn_bps / BPS
    return None if burned == 0 else (least - 1) / burned


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else float("inf")

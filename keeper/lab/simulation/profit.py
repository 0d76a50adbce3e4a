"""The cheat's profit from each ending, and its expected profit over all endings."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from operator import mul
from typing import Final

from keeper.lab.simulation.attacks import Attack
from keeper.lab.simulation.economics import Economics
from keeper.lab.simulation.judgement import Distribution, Ending
from neurolov_client.bindings.job_registry import BPS

Z: Final = 4.0
"""Standard errors on each side of an estimate: one in 16,000 lies outside."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected profit in prices of the job, and its confidence interval."""

    attack: Attack
    profit: float
    low: float
    high: float


def payoffs(economics: Economics, attack: Attack) -> Distribution:
    """Returns the profit of each ending in prices of the job, relative to doing nothing.

    The worst case for the bound: honest work would cost all that it earns, the cheat's other key
    wins every bounty, and colluding verifiers expose nothing.
    """
    earned = 1 - economics.fee_bps / BPS
    spent = (1 - attack.skipped) * earned
    bond = economics.bond_bps / BPS
    regained = (1 - economics.slash_burn_bps / BPS) * economics.bounty_bps / BPS
    by_ending = {
        Ending.PAID: earned - spent,
        Ending.CONVICTED: -spent - economics.kappa * (1 - regained) - bond,
        Ending.UNANSWERED: -spent - economics.kappa - bond,
        Ending.UNAVAILABLE: -spent,
    }
    paid, convicted, unanswered, unavailable = (by_ending[each] for each in Ending)
    return paid, convicted, unanswered, unavailable


def estimate(
    economics: Economics, attack: Attack, endings: Sequence[int], sampling: float
) -> Estimate:
    """Returns the expected profit, where `endings` counts sampled jobs in Ending's order.

    Sampled and spared jobs are strata of known weight. The interval adds Z^2 / 2 observations at
    each extreme (Agresti and Coull, 1998): an ending never seen is not taken for impossible.
    """
    values = payoffs(economics, attack)
    spared, least, most = values[Ending.PAID], min(values), max(values)
    total = sum(endings)
    mean = sum(map(mul, endings, values)) / total
    extra = Z**2 / 2
    padded = total + 2 * extra
    center = (mean * total + extra * (least + most)) / padded
    squares = sum(
        count * (value - center) ** 2 for count, value in zip(endings, values, strict=True)
    )
    squares += extra * ((least - center) ** 2 + (most - center) ** 2)
    error = Z * sqrt(squares) / padded

    def over_all(sampled: float) -> float:
        return (1 - sampling) * spared + sampling * sampled

    return Estimate(attack, over_all(mean), over_all(center - error), over_all(center + error))

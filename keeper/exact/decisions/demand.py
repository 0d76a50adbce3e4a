"""How far demand can move: the same arithmetic as the chain's market."""

from typing import Final

from neurolov_client.bindings.job_registry import DEMAND_PART, Q32_ONE

SETTLED_ROLLS: Final = 256
"""Rolls after which demand does not rise any further, whatever it was: (7/8)^256 < 2^-32."""


def highest_demand(demand_q32: int, rolls: int) -> int:
    """Returns the most that Q32 demand can be after so many rolls: all capacity was used in each.

    Every roll moves it a part of the way to the share of the capacity that was used, floored.
    """
    for _ in range(min(rolls, SETTLED_ROLLS)):
        demand_q32 += max(0, Q32_ONE - demand_q32) // DEMAND_PART
    return demand_q32

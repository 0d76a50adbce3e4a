"""When turns to claim or to join come, for very many lots at once.

A wait depends on the lot through the chain's integer logarithm. That never rises with the lot, so
the greatest lot of several keys of equal weight is the first due, and each wait is an interval of
lots. The intervals' ends are found by the very arithmetic of the claim order.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from keeper.node.decisions.claim_order import ClaimOrderRules, delay

LOTS: Final = 2**64
"""Number of lots, each as likely as any other."""


@dataclass(frozen=True, slots=True)
class Order:
    """The rules of a claim order, in slots."""

    claim_scale_slots: int
    claim_max_delay_slots: int


@dataclass(frozen=True, slots=True)
class Turns:
    """The waits of a key of one weight; `least_lots[t]` is the least lot that waits at most t.

    It has one entry per slot below the longest wait. `LOTS` stands for none.
    """

    least_lots: tuple[int, ...]

    @classmethod
    def of(cls, order: ClaimOrderRules, weight: int, total: int) -> "Turns":
        """Returns the waits of a key with `weight` of `total` base units."""

        def least(wait: int) -> int:
            low, high = 0, LOTS
            while low < high:
                lot = (low + high) // 2
                if delay(order, lot, weight, total) <= wait:
                    high = lot
                else:
                    low = lot + 1
            return low

        return cls(tuple(least(wait) for wait in range(order.claim_max_delay_slots)))

    def waits(self, lots: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Returns the wait in slots of each lot, of the same shape."""
        reachable = [least for least in self.least_lots if least < LOTS]
        rising = np.array(reachable[::-1], np.uint64)
        return len(self.least_lots) - np.searchsorted(rising, lots, side="right")

    def due(self, keys: int = 1) -> NDArray[np.float64]:
        """Returns the probability that the first of `keys` such keys waits at most t, for each t.

        The shape is (longest wait,): what happens from the longest wait on is no matter of lots.
        """
        missed = np.array([least / LOTS for least in self.least_lots])
        return np.asarray(1 - missed**keys)

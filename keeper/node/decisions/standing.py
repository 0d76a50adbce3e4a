"""Which stake counts: what already stood when the window of a posting began.

The chain keeps, for each amount, a ring of checkpoints: the amount as it was before its first
change in each of the latest windows that changed it, the latest first. An unused entry is zero.
Stake that arrives once the beacon of a posting can be known has no weight in it.
"""

from collections.abc import Sequence
from typing import Protocol


class Checkpoint(Protocol):
    """An amount in base units as it was when a window began."""

    @property
    def window(self) -> int:
        """Number of the window: its slots divided by the slots of a window, rounded down."""
        ...

    @property
    def amount(self) -> int:
        """Base units at the beginning of the window."""
        ...


def amount_at(ring: Sequence[Checkpoint], window: int, now: int) -> int:
    """Returns the base units at the beginning of `window`, where `now` is the present amount.

    Returns 0 once so many later windows changed the amount that the ring has forgotten it.
    """
    amount = now
    for checkpoint in ring:
        if checkpoint.window < window:
            return amount
        amount = checkpoint.amount
    return 0 if ring[-1].window > window else amount


def standing(ring: Sequence[Checkpoint], window: int, now: int) -> int:
    """Returns the base units that count in `window`; 0 in window 0.

    It is the smaller of the amounts at the beginnings of `window` and of the window before it, so
    that a leader that ends a window cannot choose which key holds its stake after it has seen the
    hashes of that window.
    """
    if window == 0:
        return 0
    return min(amount_at(ring, window - 1, now), amount_at(ring, window, now))


def claim_weight(standing: int, amount: int, lease_room: int) -> int:
    """Returns the base units that count in a claim or a join: the room, less what arrived since.

    `standing` is what counts in the window of the posting, `amount` the present stake and
    `lease_room` the part of it that can back a further lease. The smaller one of `standing` and
    `lease_room` would be too much: stake that is bound to a seat or to leases would vouch for
    stake that arrives at the luckiest of many busy keys.
    """
    arrived = max(0, amount - standing)
    return max(0, lease_room - arrived)

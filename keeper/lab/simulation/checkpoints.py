"""Stake over time as the staking program remembers it: positions, the pool, and their history."""

from dataclasses import dataclass, field
from typing import Final

from keeper.node.decisions.standing import amount_at, standing

CHECKPOINTS: Final = 8
"""Changed windows that a history remembers."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An amount in base units as it was when a window began."""

    window: int = 0
    amount: int = 0


@dataclass(slots=True)
class History:
    """The past of one amount. Every method takes the amount as it is before any change."""

    ring: tuple[Checkpoint, ...] = (Checkpoint(),) * CHECKPOINTS

    def record(self, window: int, before: int) -> None:
        """Keep the amount before its first change in `window`; later changes change nothing."""
        # Nothing was staked before window 0, which is what an unused entry says already.
        if self.ring[0].window != window:
            self.ring = (Checkpoint(window, before), *self.ring[:-1])

    def at(self, window: int, now: int) -> int:
        """Returns the base units at the beginning of `window`, or 0 once that is forgotten."""
        return amount_at(self.ring, window, now)

    def standing(self, window: int, now: int) -> int:
        """Returns the base units that count in `window`."""
        return standing(self.ring, window, now)


@dataclass(slots=True)
class Stake:
    """An amount in base units, the part of it that is the collateral of seats, and their past.

    The past of what can back leases has a history of its own: were collateral part of it, the
    verifier with the best lot could be lent stake after the beacon, and its collateral would vouch
    for how long that stake had been there.
    """

    amount: int = 0
    collateral: int = 0
    staked_history: History = field(default_factory=History)
    lease_history: History = field(default_factory=History)

    @property
    def leasable(self) -> int:
        """Base units that can back leases, were none exposed."""
        return self.amount - self.collateral

    def checkpoint(self, window: int) -> None:
        """Remember the present amounts; must run before every change in `window`."""
        self.staked_history.record(window, self.amount)
        self.lease_history.record(window, self.leasable)

    def staked_at(self, window: int) -> int:
        """Returns the base units at the beginning of `window`, or 0 once that is forgotten."""
        return self.staked_history.at(window, self.amount)

    def leasable_at(self, window: int) -> int:
        """Returns what could back leases as `window` began, or 0 once that is forgotten."""
        return self.lease_history.at(window, self.leasable)

    def standing_staked(self, window: int) -> int:
        """Returns the base units that count in `window` where all stake counts."""
        return self.staked_history.standing(window, self.amount)

    def standing_leasable(self, window: int) -> int:
        """Returns the base units that count in `window` where only leasable stake counts."""
        return self.lease_history.standing(window, self.leasable)


@dataclass(slots=True)
class Position(Stake):
    """One owner's stake in base units; `unbonding` is not part of the amount."""

    unbonding: int = 0

    def claim_weight(self, window: int) -> int:
        """Returns what counts of this stake in a claim or a join posted in `window`."""
        return min(self.standing_leasable(window), self.leasable)

    def vote_weight(self, window: int) -> int:
        """Returns what counts of this stake in a vote on a proposal activated in `window`."""
        return min(self.standing_staked(window), self.amount + self.unbonding)


@dataclass(slots=True)
class Pool:
    """All positions, and the sum over them.

    Each change is checkpointed first, as the program does it. A change that the program refuses
    raises ValueError and changes nothing.
    """

    window_slots: int
    positions: list[Position]
    total: Stake = field(default_factory=Stake)

    def stake(self, slot: int, position: Position, amount: int) -> None:
        """Add base units to a position."""
        self._checkpoint(slot, position)
        position.amount += amount
        self.total.amount += amount

    def request_unstake(self, slot: int, position: Position, amount: int) -> None:
        """Take base units out of what is not collateral; they are unbonding then."""
        _require(amount <= position.leasable, "the stake is bound")
        self._checkpoint(slot, position)
        position.amount -= amount
        position.unbonding += amount
        self.total.amount -= amount

    def withdraw(self, position: Position, amount: int) -> None:
        """Pay out base units that are unbonding."""
        _require(amount <= position.unbonding, "the stake is not unbonding")
        position.unbonding -= amount

    def slash(self, slot: int, position: Position, amount: int, collateral: int) -> None:
        """Take base units of a position, of which `collateral` were bound to its seat."""
        _require(collateral <= min(amount, position.collateral), "more than is bound")
        _require(amount - collateral <= position.leasable, "more than is staked")
        self._checkpoint(slot, position)
        for each in (position, self.total):
            each.amount -= amount
            each.collateral -= collateral

    def bind(self, slot: int, position: Position, amount: int) -> None:
        """Bind base units of a position to its seat."""
        _require(amount <= position.leasable, "the stake is bound")
        self._checkpoint(slot, position)
        position.collateral += amount
        self.total.collateral += amount

    def free(self, slot: int, position: Position) -> None:
        """Free all collateral of a position."""
        self._checkpoint(slot, position)
        self.total.collateral -= position.collateral
        position.collateral = 0

    def _checkpoint(self, slot: int, position: Position) -> None:
        window = slot // self.window_slots
        position.checkpoint(window)
        self.total.checkpoint(window)


def _require(holds: bool, refusal: str) -> None:
    if not holds:
        raise ValueError(refusal)

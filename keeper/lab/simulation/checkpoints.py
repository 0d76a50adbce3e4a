"""Stake over time as the staking program remembers it: positions, the pool, and their history."""

from dataclasses import dataclass, field

from keeper.node.decisions.standing import amount_at, claim_weight, standing
from neurolov_client.bindings.staking import CHECKPOINTS


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
class Position:
    """One owner's stake in base units.

    Of `amount`, `collateral` is bound to a seat and `leased` is exposed by leases. What is
    `unbonding` is no longer part of it.
    """

    amount: int = 0
    collateral: int = 0
    leased: int = 0
    unbonding: int = 0
    history: History = field(default_factory=History)

    @property
    def lease_room(self) -> int:
        """Base units that can back a further lease."""
        return self.amount - self.collateral - self.leased

    def at(self, window: int) -> int:
        """Returns the base units at the beginning of `window`, or 0 once that is forgotten."""
        return self.history.at(window, self.amount)

    def standing(self, window: int) -> int:
        """Returns the base units that count in `window`."""
        return self.history.standing(window, self.amount)

    def claim_weight(self, window: int) -> int:
        """Returns what counts of this stake in a claim or a join posted in `window`."""
        return claim_weight(self.standing(window), self.amount, self.lease_room)

    def vote_weight(self, window: int) -> int:
        """Returns what counts of this stake in a vote on a proposal activated in `window`."""
        return min(self.standing(window), self.amount + self.unbonding)


@dataclass(slots=True)
class Pool:
    """All positions, the sums over them, and the history of those sums.

    Each change is checkpointed first, as the program does it. A change that the program refuses
    raises ValueError and changes nothing.
    """

    window_slots: int
    positions: list[Position]
    staked: int = 0
    collateral: int = 0
    staked_history: History = field(default_factory=History)
    lease_history: History = field(default_factory=History)

    @property
    def leasable(self) -> int:
        """Base units that back leases or could do so."""
        return self.staked - self.collateral

    def standing_staked(self, window: int) -> int:
        """Returns the total by which votes are counted."""
        return self.staked_history.standing(window, self.staked)

    def standing_leasable(self, window: int) -> int:
        """Returns the total by which turns are counted."""
        return self.lease_history.standing(window, self.leasable)

    def stake(self, slot: int, position: Position, amount: int) -> None:
        """Add base units to a position."""
        self._checkpoint(slot, position)
        position.amount += amount
        self.staked += amount

    def request_unstake(self, slot: int, position: Position, amount: int) -> None:
        """Take base units out of the lease room; they are unbonding then."""
        _require(amount <= position.lease_room, "the stake is bound")
        self._checkpoint(slot, position)
        position.amount -= amount
        position.unbonding += amount
        self.staked -= amount

    def withdraw(self, position: Position, amount: int) -> None:
        """Pay out base units that are unbonding."""
        _require(amount <= position.unbonding, "the stake is not unbonding")
        position.unbonding -= amount

    def lease(self, position: Position, amount: int) -> None:
        """Expose base units by a lease."""
        _require(amount <= position.lease_room, "the stake is bound")
        position.leased += amount

    def release(self, position: Position, amount: int) -> None:
        """Take back base units that a lease exposed."""
        _require(amount <= position.leased, "more than is leased")
        position.leased -= amount

    def slash_lease(self, slot: int, position: Position, amount: int) -> None:
        """Take base units that a lease exposed."""
        _require(amount <= position.leased, "more than is leased")
        self._checkpoint(slot, position)
        position.leased -= amount
        position.amount -= amount
        self.staked -= amount

    def slash_collateral(self, slot: int, position: Position, amount: int) -> None:
        """Take base units that are bound to a seat."""
        _require(amount <= position.collateral, "more than is bound")
        self._checkpoint(slot, position)
        position.collateral -= amount
        position.amount -= amount
        self.staked -= amount
        self.collateral -= amount

    def bind(self, slot: int, position: Position, amount: int) -> None:
        """Bind base units of a position to its seat."""
        _require(amount <= position.lease_room, "the stake is bound")
        self._checkpoint_leasable(slot)
        position.collateral += amount
        self.collateral += amount

    def free(self, slot: int, position: Position) -> None:
        """Free all collateral of a position."""
        self._checkpoint_leasable(slot)
        self.collateral -= position.collateral
        position.collateral = 0

    def _checkpoint(self, slot: int, position: Position) -> None:
        window = slot // self.window_slots
        position.history.record(window, position.amount)
        self.staked_history.record(window, self.staked)
        self.lease_history.record(window, self.leasable)

    def _checkpoint_leasable(self, slot: int) -> None:
        # Binding changes neither the position's amount nor what is staked in all.
        self.lease_history.record(slot // self.window_slots, self.leasable)


def _require(holds: bool, refusal: str) -> None:
    if not holds:
        raise ValueError(refusal)

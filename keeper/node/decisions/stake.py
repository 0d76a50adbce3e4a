"""Stake as far as it decides who takes work: what counts, and what a run or a lease can expose."""

from dataclasses import dataclass

from keeper.node.decisions.standing import Checkpoint, claim_weight, standing


@dataclass(frozen=True, slots=True)
class Stake:
    """One position, in base units.

    `lease_room` is the part of `amount` that can back further work, `operator_room` what the
    operator may expose further. `ring` holds what the position was when earlier windows began.
    `ballot_room` is the part of the seat's collateral that can back further ballots.
    """

    amount: int
    lease_room: int
    operator_room: int
    ring: tuple[Checkpoint, ...]
    ballot_room: int = 0

    def weight(self, window: int) -> int:
        """Returns the base units that count for work that was posted in `window`."""
        return claim_weight(standing(self.ring, window, self.amount), self.amount, self.lease_room)

    def counts_from(self, window: int) -> int:
        """Returns the first window, from `window` on, whose postings count all present stake."""
        ahead = (window, window + 1)
        counted = (each for each in ahead if standing(self.ring, each, self.amount) >= self.amount)
        return next(counted, window + 2)

    def exposable(self, *, by_operator: bool) -> int:
        """Returns the base units that the owner, or its operator, can expose now."""
        return min(self.lease_room, self.operator_room) if by_operator else self.lease_room

    def ballot_exposable(self, *, by_operator: bool) -> int:
        """Returns the base units of collateral that the owner, or its operator, can expose now."""
        return min(self.ballot_room, self.operator_room) if by_operator else self.ballot_room


@dataclass(frozen=True, slots=True)
class LeasableStake:
    """All stake that can back work, in base units, and what it was when earlier windows began."""

    amount: int
    ring: tuple[Checkpoint, ...]

    def standing(self, window: int) -> int:
        """Returns the base units of which a weight is a share, for work posted in `window`."""
        return standing(self.ring, window, self.amount)

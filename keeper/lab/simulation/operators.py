"""What a hot key may risk of its owner's stake: the budget that the staking program counts."""

from dataclasses import dataclass


@dataclass(slots=True)
class Operator:
    """A hot key's budget in base units, and what it has at risk.

    A loss lowers the budget, so a stolen key cannot lose the same budget again. A step that the
    program refuses raises ValueError and changes nothing.
    """

    budget: int
    exposed: int = 0

    def lock(self, amount: int) -> None:
        """Expose base units of the owner's stake."""
        if self.exposed + amount > self.budget:
            raise ValueError("beyond the budget")
        self.exposed += amount

    def release(self, amount: int) -> None:
        """Take back base units that were exposed."""
        self._require(amount)
        self.exposed -= amount

    def lose(self, amount: int) -> None:
        """Lose base units that were exposed."""
        self._require(amount)
        self.exposed -= amount
        self.budget -= amount

    def _require(self, amount: int) -> None:
        if amount > self.exposed:
            raise ValueError("more than is exposed")


def lost_to_lies(operator: Operator, exposure: int) -> int:
    """Returns what a stolen key loses that lies until no lease is left to it.

    Each lease exposes `exposure` base units, of which a proof takes all.
    """
    lost = 0
    while operator.exposed + exposure <= operator.budget:
        operator.lock(exposure)
        operator.lose(exposure)
        lost += exposure
    return lost

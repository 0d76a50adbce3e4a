"""Double entry of every $NLOV account, kept from the steps alone and never read from the chain."""

from collections.abc import Mapping

from solders.pubkey import Pubkey


class Book:
    """The expected balance of each token account, in base units."""

    def __init__(self, opening: Mapping[Pubkey, int]) -> None:
        self.balances = dict(opening)
        self.supply = sum(opening.values())

    def open(self, account: Pubkey) -> None:
        """Adds a token account that now exists, empty."""
        assert account not in self.balances, f"{account} is open already"
        self.balances[account] = 0

    def close(self, account: Pubkey) -> None:
        """Removes a token account that no longer exists; it must be empty."""
        left = self.balances.pop(account)
        assert left == 0, f"{account} was closed with {left} inside"

    def move(self, source: Pubkey, destination: Pubkey, amount: int) -> None:
        """Takes from one account what another receives."""
        self._take(source, amount)
        self.balances[destination] += amount

    def burn(self, source: Pubkey, amount: int) -> None:
        """Removes tokens from existence."""
        self._take(source, amount)
        self.supply -= amount

    def _take(self, source: Pubkey, amount: int) -> None:
        assert 0 <= amount <= self.balances[source], f"{source} cannot pay {amount}"
        self.balances[source] -= amount

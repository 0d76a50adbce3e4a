"""The money side of a job or task, as far as a decision needs it. Amounts are base units."""

from collections.abc import Iterator
from dataclasses import dataclass

from solders.pubkey import Pubkey


@dataclass(frozen=True, slots=True)
class Credit:
    """What the escrow owes a party."""

    party: Pubkey
    amount: int
    paid: bool


@dataclass(frozen=True, slots=True)
class Escrow:
    """An escrow and the balance of its vault.

    `charged` is all that was credited to parties so far, and all fees, collected ones included.
    """

    final: bool
    credits: tuple[Credit, ...]
    fee_due: int
    balance: int
    charged: int = 0

    @property
    def outstanding(self) -> int:
        """Base units that belong to parties or to the fee vault."""
        return self.fee_due + sum(credit.amount for credit in self.credits if not credit.paid)

    def paid_by(self, buyer: Pubkey) -> int:
        """Returns the base units that the buyer has paid, without what it was credited itself."""
        own = sum(credit.amount for credit in self.credits if credit.party == buyer)
        return self.charged - own

    def unpaid_to(self, party: Pubkey) -> Iterator[int]:
        """Yields the indexes of the credits that a party can still withdraw."""
        for index, credit in enumerate(self.credits):
            if credit.party == party and not credit.paid and credit.amount:
                yield index

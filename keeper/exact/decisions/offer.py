"""What a buyer offers for a job."""

from dataclasses import dataclass

from neurolov_client import escrow
from neurolov_client.bindings.job_registry import MAX_DRAWS, PAID_CRANK_STEPS


@dataclass(frozen=True, slots=True)
class JobOffer:
    """What a buyer offers, in base units. `verifiers` is the number drawn, odd and at most 5."""

    price: int
    verification_fee: int
    tip: int
    urgency: int = 0
    verifiers: int = 3

    @property
    def verification(self) -> int:
        """Locked for ballots: every verifier of every draw."""
        return self.verification_fee * MAX_DRAWS * self.verifiers

    @property
    def tips(self) -> int:
        """Locked for crank steps."""
        return self.tip * PAID_CRANK_STEPS

    @property
    def locked(self) -> escrow.Deposit:
        """What the escrow has to hold."""
        return escrow.Deposit(
            price=self.price,
            verification=self.verification,
            tips=self.tips,
            urgency=self.urgency,
        )

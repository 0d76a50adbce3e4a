"""What a buyer offers for a job."""

from dataclasses import dataclass

from neurolov_client.bindings.job_registry import MAX_DRAWS, PAID_CRANK_STEPS
from neurolov_client.bindings.staking import EscrowParams
from neurolov_client.buying import premium_burned


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

    def burned(self, rules: EscrowParams) -> int:
        """Returns the base units that posting burns: a fee and a part of the premium."""
        return rules.posting_fee + premium_burned(self.urgency, rules)

    def premium(self, rules: EscrowParams) -> int:
        """Returns the base units of the premium that are left for the provider."""
        return self.urgency - premium_burned(self.urgency, rules)

    def total(self, rules: EscrowParams) -> int:
        """Returns the base units that leave the buyer's account when the job is posted."""
        locked = self.price + self.verification + self.tips + self.premium(rules)
        return locked + self.burned(rules)

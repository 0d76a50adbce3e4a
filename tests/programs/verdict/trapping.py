"""A job whose buyer ordered its provider to be wrong, to see which verifiers check."""

import hashlib
from typing import Any, Final

from solders.instruction import Instruction

from neurolov_client import verdict
from neurolov_client.bindings.verdict import Choice
from tests.programs.verdict.disputing import LIE, Disputing
from tests.programs.verdict.judging import ACCEPTS, Vote
from tests.world import NLOV, Actor, World

SALT: Final = hashlib.sha256(b"trap salt").digest()
REJECTS: Final[Vote] = (Choice.REJECT, *LIE)


def trap_of(provider: Actor, operator: int = LIE[0], salt: bytes = SALT) -> bytes:
    """Returns SHA256("trap"

    provider

    operator u32 LE

    salt).
    """
    ordered = b"trap" + bytes(provider.key) + operator.to_bytes(4, "little")
    return hashlib.sha256(ordered + salt).digest()


class Trapping(Disputing):
    """A claimed job whose provider will lie where its buyer ordered it."""

    def __init__(self, world: World, *, trap: bytes | None = None, **offer: Any) -> None:
        # Actors' keys follow from their names.
        ordered = trap or trap_of(world.actor("provider"))
        super().__init__(world, trap=ordered, **offer)

    def open_trap(self, salt: bytes = SALT) -> Instruction:
        return verdict.open_trap(
            salt=salt,
            verdict=self.address,
            terms=self.terms,
            job=self.job.address,
            receipt=verdict.receipt_address(self.job.address),
        )

    def sprung(self) -> "Trapping":
        """Two of three accept, one rejects; the lie is proven within the window."""
        self.balloting()
        self.tallied({0: ACCEPTS, 1: REJECTS, 2: ACCEPTS})
        self.challenge().proven(self.world)
        return self

    def voided(self) -> "Trapping":
        """Opens the trap, and ends the job."""
        self.world.send(self.open_trap())
        self.world.send(self.void(), signers=[self.cranker])
        return self

    @property
    def paid(self) -> dict[Actor, int]:
        """Returns the base units credited, by actor."""
        account = self.escrow_account
        credited = {each.party: each.amount for each in account.credits[: account.credit_count]}
        parties = [*self.members, self.buyer, self.provider, self.cranker, self.challenger]
        return {party: credited[party.key] for party in parties if party.key in credited}


FEE: Final = NLOV // 5
"""The fee of one verification, by the offer."""

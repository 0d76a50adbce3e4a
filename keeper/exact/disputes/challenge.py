"""A claim that an element is wrong: its ticket, and the proof that the referee judges."""

import hashlib
from dataclasses import dataclass
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.exact.disputes.buffer import EvidenceBuffer, position_bytes
from neurolov_client import verdict

JUDGEMENT_UNITS: Final = 400_000
"""The dearest element the referee accepts, a convolution of 1,022 taps, and the receipt."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Evidence against an element of a job.

    `salt` keeps the element secret between ticket and proof. `beneficiary` gets the bounty; without
    one it is whoever signs.
    """

    buffer: EvidenceBuffer
    graph: Pubkey
    salt: bytes
    beneficiary: Pubkey | None = None

    @property
    def ticket(self) -> Pubkey:
        """The ticket's address."""
        return verdict.ticket_address(self.buffer.job, self.buffer.signer)

    @property
    def hash(self) -> bytes:
        """SHA256(operator | element | challenger | salt), integers as u32 little-endian."""
        place = position_bytes(self.buffer.operator, self.buffer.element)
        return hashlib.sha256(place + bytes(self.buffer.signer) + self.salt).digest()

    def place_ticket(self) -> Instruction:
        """Returns what announces the challenge without naming the element."""
        return verdict.place_ticket(
            hash=self.hash,
            challenger=self.buffer.signer,
            job=self.buffer.job,
            beneficiary=self.beneficiary or self.buffer.signer,
        )

    def close_ticket(self) -> Instruction:
        """Returns what takes the ticket's rent back."""
        return verdict.close_ticket(challenger=self.buffer.signer, ticket=self.ticket)

    def prove(self, *, ballot: int | None = None) -> Instruction:
        """Returns what has the referee judge.

        The right to prove comes from the ticket, or from the rejecting ballot of this number.
        """
        return verdict.prove_fraud(
            operator=self.buffer.operator,
            element=self.buffer.element,
            salt=self.salt,
            ballot=ballot,
            tail=self.buffer.tail,
            challenger=self.buffer.signer,
            payer=self.buffer.signer,
            job=self.buffer.job,
            graph=self.graph,
            buffer=self.buffer.address,
            ticket=self.ticket if ballot is None else None,
        )

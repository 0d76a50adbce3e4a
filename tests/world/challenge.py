"""Flows of a challenge: evidence in a buffer, a ticket, the proof, and what it takes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountWithSeedParams, create_account_with_seed

from idl.client import escrow, shard_of, staking, verdict
from tests.world.actor import Actor
from tests.world.marketplace import PostedJob
from tests.world.world import Sent, World

HEADER_BYTES: Final = 112
TICKET_AGE: Final = 2
WRITE_BYTES: Final = 850
"""What fits into a transaction that the world pays for."""
TAIL_BYTES: Final = 500
"""What fits beside the proof in one that the world pays for."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Somebody's claim that an element of a job is wrong, and the bytes that show it."""

    challenger: Actor
    job: PostedJob
    operator: int
    element: int
    evidence: bytes
    tail_bytes: int = TAIL_BYTES

    @property
    def staged(self) -> bytes:
        """What goes into the buffer."""
        return self.evidence[: max(0, len(self.evidence) - self.tail_bytes)]

    @property
    def tail(self) -> bytes:
        """What rides with the proof."""
        return self.evidence[len(self.staged) :]

    @property
    def _seed(self) -> str:
        place = f"{self.job.address} {self.operator} {self.element}"
        return hashlib.sha256(place.encode()).hexdigest()[:8]

    @property
    def buffer(self) -> Pubkey:
        return Pubkey.create_with_seed(self.challenger.key, self._seed, verdict.ID)

    @property
    def ticket(self) -> Pubkey:
        return verdict.ticket_address(self.job.address, self.challenger.key)

    @property
    def salt(self) -> bytes:
        return hashlib.sha256(b"challenge" + bytes(self.challenger.key)).digest()

    @property
    def hash(self) -> bytes:
        """SHA256(operator | element | challenger | salt), integers u32 little-endian."""
        place = self.operator.to_bytes(4, "little") + self.element.to_bytes(4, "little")
        return hashlib.sha256(place + bytes(self.challenger.key) + self.salt).digest()

    # instructions

    def create(self, world: World) -> Instruction:
        """The buffer's account, owned by verdict."""
        space = HEADER_BYTES + len(self.staged)
        return create_account_with_seed(
            CreateAccountWithSeedParams(
                from_pubkey=self.challenger.key,
                to_pubkey=self.buffer,
                base=self.challenger.key,
                seed=self._seed,
                lamports=world.bank.rent_exempt_minimum(space),
                space=space,
                owner=verdict.ID,
            )
        )

    def open(self, *, length: int | None = None) -> Instruction:
        return verdict.open_buffer(
            length=len(self.staged) if length is None else length,
            challenger=self.challenger.key,
            payer=self.challenger.key,
            job=self.job.address,
            buffer=self.buffer,
        )

    def write(self, offset: int, data: bytes) -> Instruction:
        return verdict.write_buffer(
            offset=offset, bytes=data, challenger=self.challenger.key, buffer=self.buffer
        )

    def writes(self, start: int = 0, size: int = WRITE_BYTES) -> Iterator[Instruction]:
        """One write a transaction, `size` bytes each, from `start` on."""
        for offset in range(start, len(self.staged), size):
            yield self.write(offset, self.staged[offset : offset + size])

    def close(self) -> Instruction:
        return verdict.close_buffer(
            challenger=self.challenger.key, buffer=self.buffer, payer=self.challenger.key
        )

    def place(self) -> Instruction:
        return verdict.place_ticket(
            hash=self.hash, challenger=self.challenger.key, job=self.job.address
        )

    def close_ticket(self) -> Instruction:
        return verdict.close_ticket(challenger=self.challenger.key, ticket=self.ticket)

    def prove(self, *, ticket: bool = True) -> Instruction:
        """Have the referee judge; without a ticket by the right of a rejecting ballot."""
        return verdict.prove_fraud(
            operator=self.operator,
            element=self.element,
            salt=self.salt,
            tail=self.tail,
            challenger=self.challenger.key,
            payer=self.challenger.key,
            job=self.job.address,
            graph=self.job.graph,
            buffer=self.buffer,
            ticket=self.ticket if ticket else None,
        )

    def answer(self, question: int) -> Instruction:
        """Show the element, as its provider, instead of calling it wrong."""
        return verdict.answer_element(
            question=question,
            tail=self.tail,
            provider=self.challenger.key,
            job=self.job.address,
            graph=self.job.graph,
            buffer=self.buffer,
        )

    # steps

    def prepare(self, world: World, *, ticket: bool = True) -> "Challenge":
        """Stage the evidence, and place a ticket that is old enough."""
        placing = [self.place()] if ticket else []
        world.send(self.create(world), self.open(), *placing, signers=[self.challenger])
        for write in self.writes():
            world.send(write, signers=[self.challenger])
        if ticket:
            world.warp(TICKET_AGE)
        return self

    def withdraw(self, world: World) -> Sent:
        """Close buffer and ticket."""
        return world.send(self.close(), self.close_ticket(), signers=[self.challenger])

    def proven(self, world: World) -> Sent:
        """Prepare and prove."""
        self.prepare(world)
        return world.send(self.prove(), signers=[self.challenger])

    def with_evidence(self, evidence: bytes) -> "Challenge":
        """The same claim with other bytes."""
        return replace(self, evidence=evidence)


def slash_provider(job: PostedJob, provider: Pubkey, mint: Pubkey) -> Instruction:
    """Take the convicted provider's exposure."""
    return verdict.slash_provider(
        verdict=verdict.verdict_address(job.address),
        receipt=verdict.receipt_address(job.address),
        escrow=job.escrow,
        vault=job.vault,
        position=staking.position_address(provider),
        exposure=staking.exposure_address(job.address, provider),
        mint=mint,
    )


def slash_ballot(job: PostedJob, ballot: int, verifier: Pubkey, mint: Pubkey) -> Instruction:
    """Take the exposure of a verifier that accepted."""
    return verdict.slash_ballot(
        ballot=ballot,
        verdict=verdict.verdict_address(job.address),
        position=staking.position_address(verifier),
        exposure=staking.exposure_address(job.address, verifier),
        mint=mint,
        escrow_config=escrow.config_address(),
        fee_vault=escrow.fees_address(shard_of(job.address)),
    )

"""Flows of a challenge: evidence in a buffer, a ticket, the proof, and the slashes that follow."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.exact import disputes
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import PostedJob, terms_of
from keeper.lab.market.judgement import loss_destination
from keeper.lab.market.sandbox import Sandbox, Sent
from neurolov_client import escrow, shard_of, staking, verdict
from neurolov_client.bindings.verdict import HEADER_BYTES, TICKET_AGE

__all__ = ["HEADER_BYTES", "TICKET_AGE", "Challenge", "slash_ballot", "slash_provider"]

WRITE_BYTES: Final = 850
"""Bytes that fit into a transaction that somebody else pays for."""
TAIL_BYTES: Final = 500
"""Bytes that fit beside the proof in a transaction that somebody else pays for."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A claim that an element of a job is wrong, and the bytes that show it.

    `beneficiary` gets the bounty; without one the challenger does.
    """

    challenger: Actor
    job: PostedJob
    operator: int
    element: int
    evidence: bytes
    tail_bytes: int = TAIL_BYTES
    beneficiary: Actor | None = None

    @property
    def plan(self) -> disputes.Challenge:
        """Returns the keeper's own plan for the challenge."""
        buffer = disputes.EvidenceBuffer(
            signer=self.challenger.key,
            job=self.job.address,
            operator=self.operator,
            element=self.element,
            evidence=self.evidence,
            tail_bytes=self.tail_bytes,
        )
        salt = hashlib.sha256(b"challenge" + bytes(self.challenger.key)).digest()
        beneficiary = None if self.beneficiary is None else self.beneficiary.key
        return disputes.Challenge(buffer, self.job.graph, salt, beneficiary)

    @property
    def staged(self) -> bytes:
        """Returns the bytes that go into the buffer."""
        return self.plan.buffer.body

    @property
    def tail(self) -> bytes:
        """Returns the bytes that are sent with the proof."""
        return self.plan.buffer.tail

    @property
    def buffer(self) -> Pubkey:
        return self.plan.buffer.address

    @property
    def ticket(self) -> Pubkey:
        return self.plan.ticket

    @property
    def salt(self) -> bytes:
        return self.plan.salt

    @property
    def hash(self) -> bytes:
        """Returns SHA256(operator, element, challenger, salt), integers u32 little-endian."""
        return self.plan.hash

    def create(self, sandbox: Sandbox) -> Instruction:
        """Creates the buffer's account, owned by verdict."""
        buffer = self.plan.buffer
        return buffer.create(sandbox.bank.rent_exempt_minimum(buffer.space))

    def open(self, *, length: int | None = None) -> Instruction:
        return self.plan.buffer.open(length)

    def write(self, offset: int, data: bytes) -> Instruction:
        return self.plan.buffer.write(offset, data)

    def writes(self, start: int = 0, size: int = WRITE_BYTES) -> Iterator[Instruction]:
        """Yields one write per transaction, `size` bytes each, from `start` on."""
        for offset, piece in self.plan.buffer.pieces(start, size):
            yield self.write(offset, piece)

    def close(self) -> Instruction:
        return self.plan.buffer.close()

    def place(self) -> Instruction:
        return self.plan.place_ticket()

    def close_ticket(self) -> Instruction:
        return self.plan.close_ticket()

    def prove(self, *, ballot: int | None = None) -> Instruction:
        """Asks the referee to judge: by the ticket, or by the right of a rejecting ballot."""
        return self.plan.prove(ballot=ballot)

    def answer(self, question: int, terms: Pubkey) -> Instruction:
        """Shows the element, instead of calling it wrong, under the job's terms."""
        return verdict.answer_element(
            question=question,
            tail=self.tail,
            signer=self.challenger.key,
            terms=terms,
            job=self.job.address,
            graph=self.job.graph,
            buffer=self.buffer,
        )

    def prepare(self, sandbox: Sandbox, *, ticket: bool = True) -> "Challenge":
        """Stages the evidence and places a ticket that is old enough."""
        placing = [self.place()] if ticket else []
        sandbox.send(self.create(sandbox), self.open(), *placing, signers=[self.challenger])
        for write in self.writes():
            sandbox.send(write, signers=[self.challenger])
        if ticket:
            sandbox.warp(TICKET_AGE)
        return self

    def withdraw(self, sandbox: Sandbox) -> Sent:
        """Closes buffer and ticket."""
        return sandbox.send(self.close(), self.close_ticket(), signers=[self.challenger])

    def proven(self, sandbox: Sandbox) -> Sent:
        """Prepares and proves."""
        self.prepare(sandbox)
        return sandbox.send(self.prove(), signers=[self.challenger])

    def with_evidence(self, evidence: bytes) -> "Challenge":
        """Returns the same claim with other bytes."""
        return replace(self, evidence=evidence)


def slash_provider(sandbox: Sandbox, job: PostedJob, provider: Pubkey) -> Instruction:
    """Takes the convicted provider's exposure."""
    return verdict.slash_provider(
        verdict=verdict.verdict_address(job.address),
        receipt=verdict.receipt_address(job.address),
        terms=terms_of(sandbox, job),
        escrow=job.escrow,
        escrow_config=escrow.config_address(),
        destination=loss_destination(sandbox, job),
        position=staking.position_address(provider),
        exposure=staking.exposure_address(job.address, provider),
        mint=sandbox.mint,
    )


def slash_ballot(sandbox: Sandbox, job: PostedJob, ballot: int, verifier: Pubkey) -> Instruction:
    """Takes the exposure of a verifier that accepted."""
    return verdict.slash_ballot(
        ballot=ballot,
        verdict=verdict.verdict_address(job.address),
        terms=terms_of(sandbox, job),
        position=staking.position_address(verifier),
        exposure=staking.exposure_address(job.address, verifier),
        mint=sandbox.mint,
        escrow_config=escrow.config_address(),
        fee_vault=escrow.fees_address(shard_of(job.address)),
    )

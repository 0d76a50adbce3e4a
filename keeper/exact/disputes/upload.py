"""Brings evidence to the chain: reads what is there, sends what is missing, then proves."""

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.amounts import LAMPORTS_PER_SIGNATURE, sol
from keeper.chain.errors import ChainError, InsufficientFundsError, PermanentError
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Landed, Submitter
from keeper.exact.disputes.buffer import FIRST_BYTES, EvidenceBuffer
from keeper.exact.disputes.challenge import JUDGEMENT_UNITS, Challenge
from neurolov_client import verdict
from neurolov_client.bindings.verdict import HEADER_BYTES, TICKET_AGE

SESSION_BYTES: Final = 8
OTHER_STEPS: Final = 4
"""Transactions beside the writes: create, prove, close, and room for one that is sent again."""


class EvidenceUploader:
    """Uploads for one key.

    Killed anywhere, the next uploader goes on from what the chain holds.
    """

    def __init__(
        self,
        gateway: Gateway,
        submitter: Submitter,
        *,
        poll_seconds: float = 0.4,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._gateway = gateway
        self._submitter = submitter
        self._poll_seconds = poll_seconds
        self._sleep = sleep
        # What to send follows from the chain alone; a buffer may be made again after it was closed.
        # So each sending is an operation of its own, in the journal until it has ended.
        self._session = secrets.token_hex(SESSION_BYTES)
        self._sendings = itertools.count()

    async def upload(self, buffer: EvidenceBuffer, placing: Sequence[Instruction] = ()) -> None:
        """Bring the buffer's bytes to the chain; `placing` goes with its creation.

        All missing writes go out at once: evidence that is complete within two slots cannot be
        copied in time. Raises ChainError.
        """
        held = await self._held(buffer)
        if held is not None and len(held) != len(buffer.body):
            await self.close(buffer)
            held = None
        if held is None:
            rent = await self._gateway.rent_exempt_minimum(buffer.space)
            pieces = list(buffer.pieces(FIRST_BYTES))
            await self._require_lamports(buffer, rent, len(pieces), tickets=bool(placing))
            await self._send(buffer, "create", buffer.begin(rent, placing))
        else:
            if placing:
                await self._send(buffer, "ticket", placing)
            pieces = [
                (offset, piece)
                for offset, piece in buffer.pieces()
                if held[offset : offset + len(piece)] != piece
            ]
        await self._write(buffer, pieces)

    async def prove(self, challenge: Challenge, *, ballot: int | None = None) -> Landed:
        """Upload, prove once the ticket is old enough, and take the rents back either way.

        A ticket is placed unless the revealed ballot of this index rejects the element. Raises
        ChainError: a ProgramError where the referee or the verdict refuses.
        """
        ticket = ballot is None
        placing = await self._placing(challenge) if ticket else []
        await self.upload(challenge.buffer, placing)
        if ticket:
            await self._until_old_enough(challenge)
        also = [challenge.close_ticket()] if ticket else []
        return await self._judged(challenge.buffer, "prove", challenge.prove(ballot=ballot), also)

    async def answer(
        self, buffer: EvidenceBuffer, graph: Pubkey, terms: Pubkey, question: int
    ) -> Landed:
        """Upload, answer a question about a job's data, and take the rent back either way.

        `terms` is the address of the terms that the job keeps. Raises ChainError.
        """
        await self.upload(buffer)
        answering = verdict.answer_element(
            question=question,
            tail=buffer.tail,
            signer=buffer.signer,
            terms=terms,
            job=buffer.job,
            graph=graph,
            buffer=buffer.address,
        )
        return await self._judged(buffer, f"answer {question}", answering)

    async def close(self, buffer: EvidenceBuffer, also: Sequence[Instruction] = ()) -> None:
        """Take the buffer's rent back."""
        await self._send(buffer, "close", [buffer.close(), *also])

    async def exists(self, buffer: EvidenceBuffer) -> bool:
        """Whether the buffer exists, whatever it holds."""
        return await self._held(buffer) is not None

    async def _require_lamports(
        self, buffer: EvidenceBuffer, rent: int, pieces: int, *, tickets: bool
    ) -> None:
        """Raise InsufficientFundsError unless the signer can pay for everything up to the proof."""
        needed = rent + (pieces + OTHER_STEPS) * LAMPORTS_PER_SIGNATURE
        if tickets:
            needed += await self._gateway.rent_exempt_minimum(verdict.Ticket.SIZE or 0)
        held = await self._gateway.balance(buffer.signer)
        if held < needed:
            raise InsufficientFundsError(
                f"the evidence takes {sol(needed)} SOL, most of which comes back; {buffer.signer} "
                f"has {sol(held)}; send it {sol(needed - held)} SOL more"
            )

    async def _judged(
        self,
        buffer: EvidenceBuffer,
        step: str,
        reading: Instruction,
        closing: Sequence[Instruction] = (),
    ) -> Landed:
        """Send the instruction that the referee judges, then take the rents back either way."""
        try:
            landed = await self._send(buffer, step, [reading], JUDGEMENT_UNITS)
        except PermanentError:
            await self.close(buffer, closing)
            raise
        await self.close(buffer, closing)
        return landed

    async def _held(self, buffer: EvidenceBuffer) -> bytes | None:
        raw = await self._gateway.account(buffer.address)
        return None if raw is None else bytes(raw.data)[HEADER_BYTES:]

    async def _write(self, buffer: EvidenceBuffer, pieces: Sequence[tuple[int, bytes]]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for offset, piece in pieces:
                    group.create_task(
                        self._send(buffer, f"write {offset}", [buffer.write(offset, piece)])
                    )
        except BaseExceptionGroup as failures:
            refusals = [each for each in failures.exceptions if isinstance(each, ChainError)]
            if not refusals:
                raise
            raise refusals[0] from failures

    async def _placing(self, challenge: Challenge) -> list[Instruction]:
        """Returns what places the ticket, nothing where it stands.

        Another ticket of this key on the job is closed first.
        """
        standing = await self._gateway.fetch(verdict.Ticket, challenge.ticket)
        if standing is not None and standing.hash == challenge.hash:
            return []
        if standing is not None:
            await self._send(challenge.buffer, "close ticket", [challenge.close_ticket()])
        return [challenge.place_ticket()]

    async def _until_old_enough(self, challenge: Challenge) -> None:
        placed = await self._gateway.fetch(verdict.Ticket, challenge.ticket)
        if placed is None:
            raise PermanentError(f"ticket {challenge.ticket} is gone; challenge again")
        while await self._gateway.slot() < placed.placed_slot + TICKET_AGE:
            await self._sleep(self._poll_seconds)

    async def _send(
        self,
        buffer: EvidenceBuffer,
        step: str,
        instructions: Sequence[Instruction],
        compute_units: int | None = None,
    ) -> Landed:
        number = f"{self._session}.{next(self._sendings)}"
        return await self._submitter.submit(
            f"evidence/{buffer.address}/{step}/{number}", instructions, compute_units=compute_units
        )

"""Carries operations to the chain: journal first, identical bytes until they land or expire."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from solana.rpc.commitment import Commitment, Confirmed, Finalized
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.amounts import LAMPORTS_PER_SIGNATURE, sol
from keeper.chain.errors import (
    ChainError,
    ExpiredError,
    InsufficientFundsError,
    PermanentError,
    ProgramError,
    TransientError,
    UnfundedPayerError,
    transaction_failure,
)
from keeper.chain.gateway import Gateway, SignatureStatus
from keeper.chain.submit.signing import instruction_programs, signed
from keeper.journal import Journal, Operation, SignatureTakenError, State
from keeper.locks import Lock

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Landed:
    """The one effect of an operation."""

    operation: str
    signature: Signature
    slot: int


class Submitter:
    """Submits for one payer, whose key also signs for it in instructions.

    Processes that share the journal drive an operation one at a time: the others wait, and find
    what became of it.

    `commitment` is what counts as landed, `poll_seconds` the pause between polls of the chain,
    `unit_price` the priority fee in micro-lamports per compute unit. After `signings` transactions
    in turn have expired, an operation is given up for now.
    """

    def __init__(
        self,
        gateway: Gateway,
        journal: Journal,
        payer: Keypair,
        *,
        commitment: Commitment = Confirmed,
        poll_seconds: float = 0.4,
        unit_price: int = 0,
        signings: int = 5,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._gateway = gateway
        self._journal = journal
        self._payer = payer
        self._commitment = commitment
        self._poll_seconds = poll_seconds
        self._unit_price = unit_price
        self._signings = signings
        self._sleep = sleep
        self._locks: dict[str, asyncio.Lock] = {}

    @property
    def key(self) -> Pubkey:
        """The payer's address."""
        return self._payer.pubkey()

    async def submit(
        self,
        operation: str,
        instructions: Sequence[Instruction],
        *,
        signers: Sequence[Keypair] = (),
        compute_units: int | None = 400_000,
        again: bool = False,
        missing: bool = False,
    ) -> Landed:
        """Bring about the operation's effect once, whatever happened to it before.

        An operation that has landed is not sent again, and one under way goes on with the bytes it
        has. One that a program has refused raises that refusal again, unless `again` says that it
        may succeed now. `missing` says that the chain has been read and lacks the effect: one that
        has landed by the journal is then signed anew if the chain has lost its transaction, as
        where it was rolled back. Returns where it landed. Raises ProgramError,
        InsufficientFundsError, ExpiredError after `signings` expiries, other ChainErrors, and
        JournalError.
        """
        async with self._alone(operation):
            known = self._journal.operation(operation)
            if known is not None and known.state is State.REFUSED:
                if not again:
                    raise _refusal(known)
                known = self._journal.reopen(operation)
            if missing and known is not None and known.state is State.LANDED:
                known = await self._believed(known)
            for _ in range(self._signings):
                if known is None or known.state is State.EXPIRED:
                    known = await self._sign(operation, instructions, signers, compute_units)
                if known.state is State.SIGNED:
                    try:
                        known = await self._drive(known)
                    except UnfundedPayerError as error:
                        raise await self._unfunded(error, 1 + len(signers)) from error
                if known.state is State.LANDED:
                    return _landed(known)
            raise ExpiredError(f"{operation}: {self._signings} transactions expired unconfirmed")

    async def resume(self) -> list[Operation]:
        """Bring to its end what a process left under way that is gone; returns how each ended."""
        ended = []
        for operation in self._journal.unfinished():
            held = self._journal.hold(operation.id)
            if held is None:
                # A living process drives it.
                continue
            with held:
                found = self._journal.operation(operation.id)
                if found is None or found.state is not State.SIGNED:
                    continue
                try:
                    ended.append(await self._drive(found))
                except PermanentError as error:
                    _LOG.warning("%s was refused: %s", operation.id, error)
                    ended.append(self._journal.operation(operation.id) or operation)
        return ended

    async def _believed(self, operation: Operation) -> Operation:
        """Returns a landed operation as it is, or to be signed anew where the chain has lost it.

        Raises TransientError where the node knows nothing of it, and it may land once more.
        """
        if await self._status(operation) is not None:
            return operation
        told = f"{operation.id} landed in slot {operation.slot}, and the cluster has lost it"
        if not await self._is_past(operation):
            raise TransientError(f"{told}, or this node is behind; try again in a minute")
        _LOG.warning("%s: the chain was rolled back; it is done again", told)
        return self._journal.take_back(operation.id)

    async def _sign(
        self,
        operation: str,
        instructions: Sequence[Instruction],
        signers: Sequence[Keypair],
        compute_units: int | None,
    ) -> Operation:
        blockhash = await self._gateway.latest_blockhash()
        while True:
            transaction = signed(
                instructions,
                signers=[self._payer, *signers],
                blockhash=blockhash,
                compute_units=compute_units,
                unit_price=self._unit_price,
                taken=self._journal.has_signature,
            )
            # Another process may have signed the same bytes since `taken` was asked.
            with suppress(SignatureTakenError):
                return self._journal.sign(
                    operation,
                    wire=transaction.wire,
                    signature=transaction.signature,
                    last_valid_block_height=transaction.last_valid_block_height,
                )

    async def _drive(self, operation: Operation) -> Operation:
        """Send the same bytes until the operation has landed, been refused, or expired."""
        if operation.sends == 0:
            operation = await self._first_send(operation)
        while operation.state is State.SIGNED:
            try:
                operation = await self._poll(operation)
            except TransientError as error:
                _LOG.info("%s: %s", operation.id, error)
            if operation.state is State.SIGNED:
                await self._sleep(self._poll_seconds)
        return operation

    async def _first_send(self, operation: Operation) -> Operation:
        operation = self._journal.count_send(operation.id)
        try:
            await self._gateway.send(operation.wire)
        except TransientError as error:
            _LOG.info("%s: %s", operation.id, error)
        except PermanentError as error:
            # A node that refuses in preflight has passed nothing on, and nobody else has the bytes.
            self._record(operation, error)
            raise
        return operation

    async def _poll(self, operation: Operation) -> Operation:
        status = await self._status(operation)
        if status is None and await self._is_past(operation):
            # It may have landed between the two answers.
            status = await self._status(operation)
            if status is None:
                return self._journal.expired(operation.id)
        if status is None:
            operation = self._journal.count_send(operation.id)
            await self._gateway.send(operation.wire, preflight=False)
            return operation
        if not status.reached(self._commitment):
            return operation
        if status.error is not None:
            failure = await self._failure(operation, status.error)
            self._record(operation, failure)
            raise failure
        return self._journal.landed(operation.id, status.slot)

    async def _status(self, operation: Operation) -> SignatureStatus | None:
        (status,) = await self._gateway.statuses([operation.signature])
        return status

    async def _is_past(self, operation: Operation) -> bool:
        # Finalized: a fork could still take a lower block height back.
        height = await self._gateway.block_height(Finalized)
        return height > operation.last_valid_block_height

    async def _failure(self, operation: Operation, error: object) -> ChainError:
        landed = await self._gateway.transaction(operation.signature)
        return transaction_failure(
            error,
            logs=() if landed is None else landed.logs,
            programs=instruction_programs(operation.wire),
        )

    async def _unfunded(self, error: UnfundedPayerError, signatures: int) -> InsufficientFundsError:
        """Returns the error with the payer's address and what it lacks."""
        held, missing = await self._gateway.balance(self.key), error.missing
        if missing is None:
            rent = await self._gateway.rent_exempt_minimum(0)
            missing = max(1, LAMPORTS_PER_SIGNATURE * signatures + rent - held)
        return InsufficientFundsError(
            f"{self.key} has {sol(held)} SOL, too few for rents and fees; send it {sol(missing)} "
            "SOL or more"
        )

    def _record(self, operation: Operation, error: ChainError) -> None:
        if isinstance(error, ProgramError):
            self._journal.refused(operation.id, _encoded(error))
        else:
            # No program judged it: once the cause is mended the operation may be signed anew.
            self._journal.expired(operation.id)

    @asynccontextmanager
    async def _alone(self, operation: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(operation, asyncio.Lock())
        try:
            async with lock:
                with await self._hold(operation):
                    yield
        finally:
            if not lock.locked():
                self._locks.pop(operation, None)

    async def _hold(self, operation: str) -> Lock:
        while (held := self._journal.hold(operation)) is None:
            _LOG.info("%s is under way in another process", operation)
            await self._sleep(self._poll_seconds)
        return held


def _landed(operation: Operation) -> Landed:
    assert operation.slot is not None
    return Landed(operation.id, operation.signature, operation.slot)


def _encoded(error: ProgramError) -> str:
    return json.dumps(
        {
            "name": error.name,
            "code": error.code,
            "program": error.program,
            "message": error.message,
        }
    )


def _refusal(operation: Operation) -> ProgramError:
    assert operation.refusal is not None
    return ProgramError(**json.loads(operation.refusal))

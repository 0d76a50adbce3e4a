"""The chain under test, and what a test asks of it."""

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, Self, TypeVar, cast

from solders.account import Account as RawAccount
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.token.state import Mint, TokenAccount
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from idl.client import (
    PROGRAM_IDS,
    TOKEN_PROGRAM,
    Account,
    Event,
    ProgramError,
    events_from_logs,
    program_error,
)
from keeper.chain.deploy import (
    LOCALNET_PARAMETERS,
    Parameters,
    built_programs,
    deploy_localnet,
)
from keeper.chain.localnet import Bank, Checkpoint, TransactionRecord
from tests.world.actor import Actor

NLOV: Final = 10**9
"""Base units of one $NLOV."""
SOL: Final = 10**9
_UNIT_LIMIT: Final = 1_000_000
_ADVANCED_SLOTS: Final = 2_000

AccountType = TypeVar("AccountType", bound=Account)
EventType = TypeVar("EventType", bound=Event)


class TransactionDroppedError(AssertionError):
    """The cluster would have dropped the transaction; `reason` is its error."""

    def __init__(self, reason: object) -> None:
        super().__init__(f"the transaction did not reach a program: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that took effect."""

    record: TransactionRecord
    events: tuple[Event, ...]

    @property
    def units(self) -> int:
        """Compute units, the 150 of the unit limit included."""
        return self.record.units

    def only(self, kind: type[EventType]) -> EventType:
        """The one event of this type; fails where there are none or several."""
        found = [event for event in self.events if isinstance(event, kind)]
        assert len(found) == 1, f"{len(found)} {kind.__name__} in {self.events}"
        return found[0]


@dataclass(frozen=True, slots=True)
class Saved:
    """A world to go back to."""

    bank: Checkpoint
    actors: Mapping[str, Actor]
    parameters: Parameters
    minted: int
    sends: int


class World:
    """LiteSVM with the built programs, deployed with localnet's parameters unless given others.

    A payer of its own pays all fees, so that no actor's lamports change but by the programs.
    """

    def __init__(self, parameters: Parameters = LOCALNET_PARAMETERS) -> None:
        self.bank = Bank(programs=built_programs())
        self.parameters = parameters
        self.deployment = deploy_localnet(self.bank, parameters)
        self.mint = self.deployment.mint.address
        self.treasury = self.deployment.treasury
        self.minted = 0
        self._actors: dict[str, Actor] = {}
        self._payer = Keypair.from_seed(hashlib.sha256(b"fee payer").digest())
        self.bank.airdrop(self._payer.pubkey(), 1_000 * SOL)
        self._sends = 0
        self.authority = self._adopted("authority", self.deployment.authority)
        self.bank.airdrop(self.authority.key, 10 * SOL)

    @classmethod
    def fresh(cls) -> Self:
        """A world as the constructor makes it, for a tenth of the time.

        The worlds of a class share one LiteSVM, which is set back to where it was after deploying:
        a world ends where the next one of its class begins.
        """
        deployed, saved = _deployed(cast(Hashable, cls))
        world: Self = copy(deployed)
        world.restore(saved)
        return world

    def save(self) -> Saved:
        """The world as it is now, for `restore`."""
        actors = dict(self._actors)
        return Saved(self.bank.checkpoint(), actors, self.parameters, self.minted, self._sends)

    def restore(self, saved: Saved) -> None:
        """Undo everything since: equal steps from here give equal states."""
        self.bank.restore(saved.bank)
        self._actors, self.parameters = dict(saved.actors), saved.parameters
        self.minted, self._sends = saved.minted, saved.sends

    @property
    def slot(self) -> int:
        """The slot in which the next transaction executes."""
        return self.bank.slot

    def actor(self, name: str, *, tokens: int = 0, lamports: int = 100 * SOL) -> Actor:
        """The actor of this name, created and funded at the first call.

        `tokens` (base units) are minted at every call, `lamports` given at the first.
        """
        if name not in self._actors:
            self._adopted(
                name, Keypair.from_seed(hashlib.sha256(f"actor {name}".encode()).digest())
            )
            self.bank.airdrop(self._actors[name].key, lamports)
            self.deployment.mint.mint_to(self.bank, self._actors[name].key, 0)
        actor = self._actors[name]
        if tokens:
            self.mint_to(actor, tokens)
        return actor

    def mint_to(self, actor: Actor, amount: int) -> None:
        """Create `amount` base units in the actor's account."""
        record = self.deployment.mint.mint_to(self.bank, actor.key, amount)
        assert record.ok, record.err
        self.minted += amount

    def send(self, *instructions: Instruction, signers: Iterable[Actor | Keypair] = ()) -> Sent:
        """Execute in one transaction; raises ProgramError, or TransactionDroppedError."""
        record = self._execute(instructions, signers)
        if record.ok:
            return Sent(record, events_from_logs(record.logs))
        raise self._failure(record, instructions)

    def fails(
        self, error: str, *instructions: Instruction, signers: Iterable[Actor | Keypair] = ()
    ) -> ProgramError:
        """Assert that exactly this error refuses the transaction and that nothing has changed.

        Nothing: every account of the programs and every account the transaction names, byte for
        byte, but for the lamports of the fee payer.
        """
        named = {meta.pubkey for each in instructions for meta in each.accounts}
        before = self.snapshot(named)
        record = self._execute(instructions, signers)
        assert not record.ok, f"expected {error}, but it took effect"
        failure = self._failure(record, instructions)
        if not isinstance(failure, ProgramError):
            raise failure
        assert failure.name == error, f"expected {error}, got {failure}\n" + "\n".join(record.logs)
        changed = self.changed(before, named)
        assert not changed, f"{error} changed {sorted(map(str, changed))}"
        return failure

    def forge(
        self, instructions: Sequence[Instruction], payer: Pubkey
    ) -> TransactionMetadata | FailedTransactionMetadata:
        """Execute in one transaction as if everybody named had signed, programs too.

        No key has a program's signature, so this goes past the bank, which would check it. The
        bank is told of the accounts afterwards, so that it lists them and goes back with them.
        """
        message = Message(list(instructions), payer)
        signatures = [Signature.default()] * message.header.num_required_signatures
        result = self.bank._svm.send_transaction(Transaction.populate(message, signatures))
        for key in message.account_keys:
            self.bank._accounts.settle(key)
        return result

    def warp(self, slots: int) -> None:
        """Let slots pass. Far warps skip all but the last, as a halted cluster would."""
        if slots > _ADVANCED_SLOTS:
            self.bank.warp(self.slot + slots - _ADVANCED_SLOTS)
            slots = _ADVANCED_SLOTS
        if slots:
            self.bank.advance(slots)

    def warp_to(self, slot: int) -> None:
        """Let slots pass until the next transaction executes in `slot`."""
        self.warp(slot - self.slot)

    def fetch(self, kind: type[AccountType], address: Pubkey) -> AccountType:
        """The typed account; fails where there is none."""
        raw = self.bank.account(address)
        assert raw is not None, f"no {kind.__name__} at {address}"
        found: AccountType = _decoded(cast(Hashable, kind), bytes(raw.data), raw.owner)
        return found

    def all(self, kind: type[AccountType]) -> dict[Pubkey, AccountType]:
        """Every account of the type by address."""
        return {
            address: _decoded(cast(Hashable, kind), bytes(raw.data), raw.owner)
            for address, raw in self.bank.program_accounts(kind.PROGRAM_ID)
            if bytes(raw.data).startswith(kind.DISCRIMINATOR)
        }

    def exists(self, address: Pubkey) -> bool:
        """Whether the account has lamports."""
        return self.bank.account(address) is not None

    def lamports(self, address: Pubkey) -> int:
        """Lamports of the account, 0 where there is none."""
        raw = self.bank.account(address)
        return 0 if raw is None else raw.lamports

    def tokens(self, owner: Actor | Pubkey) -> int:
        """Base units in an actor's account, or in the token account of this address."""
        address = owner.tokens if isinstance(owner, Actor) else owner
        raw = self.bank.account(address)
        return 0 if raw is None else TokenAccount.from_bytes(bytes(raw.data)).amount

    def supply(self) -> int:
        """Base units in existence."""
        raw = self.bank.account(self.mint)
        assert raw is not None
        return Mint.from_bytes(bytes(raw.data)).supply

    def burned(self) -> int:
        """Base units burned since the start."""
        return self.minted - self.supply()

    def token_accounts(self) -> dict[Pubkey, int]:
        """Balance of every $NLOV account."""
        balances = {}
        for address, raw in self.bank.program_accounts(TOKEN_PROGRAM):
            if address != self.mint:
                account = TokenAccount.from_bytes(bytes(raw.data))
                if account.mint == self.mint:
                    balances[address] = account.amount
        return balances

    def check_conserved(self) -> None:
        """Assert that the token accounts hold all that was minted and not burned."""
        assert sum(self.token_accounts().values()) + self.burned() == self.minted

    def snapshot(self, also: Iterable[Pubkey] = ()) -> Mapping[Pubkey, RawAccount]:
        """Every account of the programs and of the token program, and those given."""
        found = {
            address: raw
            for program in (*PROGRAM_IDS.values(), TOKEN_PROGRAM)
            for address, raw in self.bank.program_accounts(program)
        }
        for address in also:
            if (raw := self.bank.account(address)) is not None:
                found[address] = raw
        return found

    def changed(
        self, before: Mapping[Pubkey, RawAccount], also: Iterable[Pubkey] = ()
    ) -> set[Pubkey]:
        """Accounts that differ from the snapshot, created and closed ones included."""
        after = self.snapshot(also)
        payer = self._payer.pubkey()
        return {
            address
            for address in before.keys() | after.keys()
            if address != payer and before.get(address) != after.get(address)
        }

    def _adopted(self, name: str, keypair: Keypair) -> Actor:
        tokens = self.deployment.mint.token_account(keypair.pubkey())
        self._actors[name] = Actor(name, keypair, tokens)
        return self._actors[name]

    def _execute(
        self, instructions: Sequence[Instruction], signers: Iterable[Actor | Keypair]
    ) -> TransactionRecord:
        # A unit limit of its own keeps equal transactions in one slot apart.
        self._sends += 1
        limit = set_compute_unit_limit(_UNIT_LIMIT + self._sends)
        keypairs = [each.keypair if isinstance(each, Actor) else each for each in signers]
        return self.bank.execute([limit, *instructions], [self._payer, *keypairs])

    @staticmethod
    def _failure(
        record: TransactionRecord, instructions: Sequence[Instruction]
    ) -> ProgramError | TransactionDroppedError:
        # Index 0 of the transaction is the unit limit.
        programs = [instructions[0].program_id, *(each.program_id for each in instructions)]
        refusal = program_error(record.err, logs=record.logs, programs=programs)
        return refusal or TransactionDroppedError(record.err)


# mypy takes no class for hashable, hence Any.
@lru_cache(maxsize=4_096)
def _decoded(kind: Any, data: bytes, owner: Pubkey) -> Any:
    """The typed account. Most accounts are the same each time that a test reads them all."""
    return kind.decode(data, owner=owner)


@cache
def _deployed(kind: Any) -> tuple[Any, Saved]:
    """One world of each class, and what it goes back to."""
    world = kind()
    return world, world.save()

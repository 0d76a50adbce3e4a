"""A cluster in memory with the programs deployed, and what can be asked of it."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

from solders.account import Account as RawAccount
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.token.state import Mint, TokenAccount

from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet import Bank, TransactionRecord
from keeper.lab.localnet.deployment import (
    CHECKPOINT_SLOTS,
    LOCALNET_PARAMETERS,
    built_programs,
    deploy_localnet,
)
from keeper.lab.market.actor import Actor
from neurolov_client import (
    TOKEN_PROGRAM,
    Account,
    Event,
    ProgramError,
    events_from_logs,
    program_error,
    staking,
)

SOL: Final = 10**9
"""Lamports of one SOL."""
ACTOR_LAMPORTS: Final = 100 * SOL
_ADVANCED_SLOTS: Final = 2_000

AccountType = TypeVar("AccountType", bound=Account)
EventType = TypeVar("EventType", bound=Event)


class TransactionDroppedError(RuntimeError):
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
        """Compute units used by all instructions, those of the compute budget included."""
        return self.record.units

    def only(self, kind: type[EventType]) -> EventType:
        """Returns the one event of this type; raises LookupError for none or several."""
        found = [event for event in self.events if isinstance(event, kind)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} {kind.__name__} in {self.events}")
        return found[0]


class Sandbox:
    """LiteSVM with the built programs, deployed with localnet's parameters unless given others.

    The first signer pays the fees, as on a cluster; the deployer pays for what nobody signs.
    """

    def __init__(self, parameters: staking.Parameters = LOCALNET_PARAMETERS) -> None:
        self.bank = Bank(programs=built_programs())
        self.parameters = parameters
        self.deployment = deploy_localnet(self.bank, parameters)
        self.mint = self.deployment.mint.address
        self.treasury = self.deployment.treasury
        self.minted = 0
        self._actors: dict[str, Actor] = {}
        self.authority = self._adopted("authority", self.deployment.authority)

    def keypair(self, name: str) -> Keypair:
        """Returns the key of the actor of this name."""
        return localnet_keypair(name)

    @property
    def terms(self) -> Pubkey:
        """Returns the address of the current terms."""
        return staking.terms_address(self.fetch(staking.Pool, staking.pool_address()).terms)

    @property
    def window(self) -> int:
        """Returns the number of the present window, which is also the epoch of the snapshots."""
        return self.slot // CHECKPOINT_SLOTS

    def stand(self) -> None:
        """Lets two windows begin, after which all present stake counts."""
        self.warp_to((self.window + 2) * CHECKPOINT_SLOTS)

    @property
    def slot(self) -> int:
        """Returns the slot in which the next transaction executes."""
        return self.bank.slot

    def actor(self, name: str, *, tokens: int = 0, lamports: int = ACTOR_LAMPORTS) -> Actor:
        """Returns the actor of this name, created and funded at the first call.

        `tokens` (base units) are minted at every call, `lamports` given at the first.
        """
        if name not in self._actors:
            self._adopted(name, self.keypair(name))
            self.bank.airdrop(self._actors[name].key, lamports)
            self.deployment.mint.mint_to(self.bank, self._actors[name].key, 0)
        actor = self._actors[name]
        if tokens:
            self.mint_to(actor, tokens)
        return actor

    def mint_to(self, actor: Actor, amount: int) -> None:
        """Mints `amount` base units in the actor's account; raises TransactionDroppedError."""
        record = self.deployment.mint.mint_to(self.bank, actor.key, amount)
        if not record.ok:
            raise TransactionDroppedError(record.err)
        self.minted += amount

    def send(self, *instructions: Instruction, signers: Iterable[Actor | Keypair] = ()) -> Sent:
        """Executes in one transaction; raises ProgramError, or TransactionDroppedError."""
        record = self.execute(instructions, signers)
        if record.ok:
            return Sent(record, events_from_logs(record.logs))
        raise self.failure(record, instructions)

    def warp(self, slots: int) -> None:
        """Lets slots pass. Far warps skip all but the last, as a halted cluster would."""
        if slots > _ADVANCED_SLOTS:
            self.bank.warp(self.slot + slots - _ADVANCED_SLOTS)
            slots = _ADVANCED_SLOTS
        if slots:
            self.bank.advance(slots)

    def warp_to(self, slot: int) -> None:
        """Lets slots pass until the next transaction executes in `slot`."""
        self.warp(slot - self.slot)

    def fetch(self, kind: type[AccountType], address: Pubkey) -> AccountType:
        """Returns the typed account; raises LookupError where there is none."""
        found = self.find(kind, address)
        if found is None:
            raise LookupError(f"no {kind.__name__} at {address}")
        return found

    def find(self, kind: type[AccountType], address: Pubkey) -> AccountType | None:
        """Returns the typed account, None where there is none."""
        raw = self.bank.account(address)
        return None if raw is None else self._decoded(kind, raw)

    def all(self, kind: type[AccountType]) -> dict[Pubkey, AccountType]:
        """Returns every account of the type by address."""
        return {
            address: self._decoded(kind, raw)
            for address, raw in self.bank.program_accounts(kind.PROGRAM_ID)
            if bytes(raw.data).startswith(kind.DISCRIMINATOR)
        }

    def exists(self, address: Pubkey) -> bool:
        """Returns whether the account exists, that is, has lamports."""
        return self.bank.account(address) is not None

    def lamports(self, address: Pubkey) -> int:
        """Returns the lamports of the account, 0 where there is none."""
        raw = self.bank.account(address)
        return 0 if raw is None else raw.lamports

    def tokens(self, owner: Actor | Pubkey) -> int:
        """Returns the base units in an actor's account, or in the token account at an address."""
        address = owner.tokens if isinstance(owner, Actor) else owner
        raw = self.bank.account(address)
        return 0 if raw is None else TokenAccount.from_bytes(bytes(raw.data)).amount

    def supply(self) -> int:
        """Returns the base units in existence."""
        raw = self.bank.account(self.mint)
        if raw is None:
            raise LookupError(f"no mint at {self.mint}")
        return Mint.from_bytes(bytes(raw.data)).supply

    def burned(self) -> int:
        """Returns the base units burned since the start."""
        return self.minted - self.supply()

    def token_accounts(self) -> dict[Pubkey, int]:
        """Returns the balance of every $NLOV account in base units, by its address."""
        balances = {}
        for address, raw in self.bank.program_accounts(TOKEN_PROGRAM):
            if address != self.mint:
                account = TokenAccount.from_bytes(bytes(raw.data))
                if account.mint == self.mint:
                    balances[address] = account.amount
        return balances

    def execute(
        self, instructions: Sequence[Instruction], signers: Iterable[Actor | Keypair] = ()
    ) -> TransactionRecord:
        """Executes in one transaction, and returns its record whether or not it took effect."""
        return self.bank.execute(instructions, keypairs(signers) or [localnet_keypair("deployer")])

    def failure(
        self, record: TransactionRecord, instructions: Sequence[Instruction]
    ) -> ProgramError | TransactionDroppedError:
        """Returns why a transaction of `execute` had no effect."""
        programs = [each.program_id for each in instructions]
        refusal = program_error(record.err, logs=record.logs, programs=programs)
        return refusal or TransactionDroppedError(record.err)

    @staticmethod
    def _decoded(kind: type[AccountType], raw: RawAccount) -> AccountType:
        found: AccountType = _decode(cast(Hashable, kind), bytes(raw.data), raw.owner)
        return found

    def _adopted(self, name: str, keypair: Keypair) -> Actor:
        tokens = self.deployment.mint.token_account(keypair.pubkey())
        self._actors[name] = Actor(name, keypair, tokens)
        return self._actors[name]


# mypy does not take a class for hashable, hence Any.
@lru_cache(maxsize=4_096)
def _decode(kind: Any, data: bytes, owner: Pubkey) -> Any:
    """Returns the typed account. Most accounts are unchanged when all of them are read again."""
    return kind.decode(data, owner=owner)


def keypairs(signers: Iterable[Actor | Keypair]) -> list[Keypair]:
    """Returns the keys that sign for actors and for bare keys."""
    return [each.keypair if isinstance(each, Actor) else each for each in signers]

"""A job's money and the calls that move it."""

from dataclasses import dataclass
from typing import Any, Final

from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.sandbox import Sent
from neurolov_client import CPI_AUTHORITIES, Event, escrow, find_bump, job_registry, shard_of
from tests.programs.forging import Caller
from tests.world import NLOV, Actor, World

DEPOSIT: Final = escrow.Deposit(price=10 * NLOV, verification=3 * NLOV, tips=NLOV, urgency=4 * NLOV)
"""Localnet burns half of the urgency."""
HELD: Final = 16 * NLOV
"""The amount that this deposit leaves in the vault."""
BURNED: Final = 2 * NLOV + 10_000_000
"""Half of the urgency, and the posting fee."""
TO_HAND: Final = 100 * NLOV


def lock(
    world: World,
    buyer: Actor,
    job_id: int = 0,
    deposit: escrow.Deposit = DEPOSIT,
    **accounts: Any,
) -> Instruction:
    """Locks the money of the buyer's job of this id."""
    seeds = (b"job", bytes(buyer.key), job_id.to_bytes(8, "little"))
    named: dict[str, Any] = {
        "job_bump": find_bump(seeds, job_registry.ID),
        "buyer": buyer.key,
        "terms": world.terms,
        "mint": world.mint,
        "job": job_registry.job_address(buyer.key, job_id),
        "source": buyer.tokens,
    }
    return escrow.lock(job_id=job_id, deposit=deposit, **(named | accounts))


@dataclass(frozen=True, slots=True)
class Purse:
    """The locked money of one job that no registry knows."""

    world: World
    buyer: Actor
    job: Pubkey

    @property
    def account(self) -> Pubkey:
        return escrow.escrow_address(self.job)

    @property
    def vault(self) -> Pubkey:
        return escrow.vault_address(self.job)

    @property
    def fees(self) -> Pubkey:
        return escrow.fees_address(shard_of(self.job))

    @property
    def held(self) -> int:
        return self.world.tokens(self.vault)

    def stored(self) -> escrow.Escrow:
        """Returns the escrow account."""
        return self.world.fetch(escrow.Escrow, self.account)

    def post(self) -> None:
        """Creates the job's account, as posting does."""
        self.world.bank.set_account(self.job, Account(10**7, bytes(8), job_registry.ID))

    def settling(
        self,
        *credits: tuple[Actor, int],
        fee: int = 0,
        extra: int = 0,
        finalise: bool = True,
        vault: Pubkey | None = None,
        authority: Pubkey = CPI_AUTHORITIES["verdict"],
    ) -> Instruction:
        """Settles with these credits, as verdict unless another program's signer is given."""
        entries = tuple(escrow.Credit(party=party.key, amount=amount) for party, amount in credits)
        return escrow.settle(
            credits=entries,
            fee=fee,
            extra=extra,
            finalise=finalise,
            authority=authority,
            escrow=self.account,
            vault=vault,
        )

    def settle(
        self, *credits: tuple[Actor, int], fee: int = 0, finalise: bool = True
    ) -> tuple[Event, ...]:
        """Lets verdict settle with these credits."""
        instruction = self.settling(*credits, fee=fee, finalise=finalise)
        return Caller(self.world, "verdict").send(instruction)

    def refund(self, tip_to: Actor | None = None, tip: int = 0) -> tuple[Event, ...]:
        """Lets the registry end the job without a result."""
        party = None if tip_to is None else tip_to.key
        instruction = escrow.refund(tip_to=party, tip=tip, escrow=self.account)
        return Caller(self.world, "job_registry").send(instruction)

    def withdrawing(self, index: int, party: Actor, **accounts: Any) -> Instruction:
        """Pays a credit to the party's account."""
        named: dict[str, Any] = {
            "escrow": self.account,
            "vault": self.vault,
            "destination": party.tokens,
        }
        return escrow.withdraw(index=index, **(named | accounts))

    def collecting(self, **accounts: Any) -> Instruction:
        """Moves the fee on."""
        named: dict[str, Any] = {
            "escrow": self.account,
            "vault": self.vault,
            "fee_vault": self.fees,
        }
        return escrow.collect_fee(**(named | accounts))

    def reclaiming(self, **accounts: Any) -> Instruction:
        """Returns the money that no party is owed."""
        named: dict[str, Any] = {
            "buyer": self.buyer.key,
            "escrow": self.account,
            "vault": self.vault,
            "destination": self.buyer.tokens,
        }
        return escrow.reclaim(**(named | accounts))

    def send(self, *instructions: Instruction) -> Sent:
        """Sends instructions that need no further signature."""
        return self.world.send(*instructions)

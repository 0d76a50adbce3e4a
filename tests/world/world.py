"""The chain under test: a sandbox that asserts what a refusal leaves and what a step changed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final, Self

from solders.account import Account as RawAccount
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from keeper.lab.localnet import Checkpoint, TransactionRecord
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import SOL, Sandbox, TransactionDroppedError, keypairs
from neurolov_client import PROGRAM_IDS, TOKEN_PROGRAM, ProgramError, staking

_PAYER_LAMPORTS: Final = 1_000 * SOL
_UNIT_LIMIT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Saved:
    """A state of a world to go back to."""

    bank: Checkpoint
    actors: Mapping[str, Actor]
    parameters: staking.Parameters
    minted: int
    sends: int


class World(Sandbox):
    """A sandbox of a test, whose actors have keys that only tests know.

    A payer of its own pays all fees, so that only the programs change an actor's lamports.
    """

    def __init__(self, parameters: staking.Parameters = LOCALNET_PARAMETERS) -> None:
        super().__init__(parameters)
        self._payer = self.keypair("fee payer")
        self._sends = 0
        self.bank.airdrop(self._payer.pubkey(), _PAYER_LAMPORTS)
        self.bank.airdrop(self.authority.key, 10 * SOL)

    @classmethod
    def fresh(cls) -> Self:
        """Returns a world as the constructor makes it, in a tenth of the time.

        The worlds of a class share one LiteSVM, which is restored to its state after deployment,
        so a world must not be used any more once the next one of its class exists.
        """
        if cls not in _DEPLOYED:
            first = cls()
            _DEPLOYED[cls] = first, first.save()
        deployed, saved = _DEPLOYED[cls]
        assert isinstance(deployed, cls)
        world = copy(deployed)
        world.restore(saved)
        return world

    def execute(
        self, instructions: Sequence[Instruction], signers: Iterable[Actor | Keypair] = ()
    ) -> TransactionRecord:
        """Executes in one transaction that the world's own payer pays for."""
        # A unit limit of its own keeps equal transactions in one slot apart.
        self._sends += 1
        limit = set_compute_unit_limit(_UNIT_LIMIT + self._sends)
        return self.bank.execute([limit, *instructions], [self._payer, *keypairs(signers)])

    def failure(
        self, record: TransactionRecord, instructions: Sequence[Instruction]
    ) -> ProgramError | TransactionDroppedError:
        """Returns why a transaction of `execute` had no effect."""
        # The instruction that sets the limit comes first.
        return super().failure(record, [instructions[0], *instructions])

    def save(self) -> Saved:
        """Returns the present state, for `restore`."""
        actors = dict(self._actors)
        return Saved(self.bank.checkpoint(), actors, self.parameters, self.minted, self._sends)

    def restore(self, saved: Saved) -> None:
        """Undoes everything since the save: equal steps from here give equal states."""
        self.bank.restore(saved.bank)
        self._actors, self.parameters = dict(saved.actors), saved.parameters
        self.minted, self._sends = saved.minted, saved.sends

    def keypair(self, name: str) -> Keypair:
        """Returns the key of the actor of this name."""
        seed = name if name == "fee payer" else f"actor {name}"
        return Keypair.from_seed(hashlib.sha256(seed.encode()).digest())

    def fails(
        self, error: str, *instructions: Instruction, signers: Iterable[Actor | Keypair] = ()
    ) -> ProgramError:
        """Asserts that exactly this error refuses the transaction and that nothing has changed.

        Nothing: every account of the programs and every account the transaction names, byte for
        byte, but for the lamports of the fee payer.
        """
        named = {meta.pubkey for each in instructions for meta in each.accounts}
        before = self.snapshot(named)
        record = self.execute(instructions, signers)
        assert not record.ok, f"expected {error}, but it took effect"
        refusal = self.failure(record, instructions)
        if not isinstance(refusal, ProgramError):
            raise refusal
        assert refusal.name == error, f"expected {error}, got {refusal}\n" + "\n".join(record.logs)
        changed = self.changed(before, named)
        assert not changed, f"{error} changed {sorted(map(str, changed))}"
        return refusal

    def forge(
        self, instructions: Sequence[Instruction], payer: Pubkey
    ) -> TransactionMetadata | FailedTransactionMetadata:
        """Executes in one transaction as if every account named had signed, programs included.

        No key has a program's signature, so this bypasses the bank, which would check it. The bank
        is told of the accounts afterwards, so that it lists and restores them.
        """
        message = Message(list(instructions), payer)
        signatures = [Signature.default()] * message.header.num_required_signatures
        result = self.bank._svm.send_transaction(Transaction.populate(message, signatures))
        for key in message.account_keys:
            self.bank._accounts.settle(key)
        return result

    def check_conserved(self) -> None:
        """Asserts that the token accounts hold all that was minted and not burned."""
        assert sum(self.token_accounts().values()) + self.burned() == self.minted

    def snapshot(self, also: Iterable[Pubkey] = ()) -> Mapping[Pubkey, RawAccount]:
        """Returns every account of the programs and of the token program, and those given."""
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
        """Returns the accounts that differ from the snapshot, created and closed ones included."""
        after = self.snapshot(also)
        payer = self._payer.pubkey()
        return {
            address
            for address in before.keys() | after.keys()
            if address != payer and before.get(address) != after.get(address)
        }


_DEPLOYED: Final[dict[type[World], tuple[World, Saved]]] = {}
"""One world of each class, with its state after deployment."""

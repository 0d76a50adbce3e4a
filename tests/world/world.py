"""The chain under test: a sandbox that asserts what a refusal leaves and what a step changed."""

import hashlib
from collections.abc import Iterable, Mapping

from solders.account import Account as RawAccount
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from idl.client import PROGRAM_IDS, TOKEN_PROGRAM, ProgramError
from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import Sandbox, failure


class World(Sandbox):
    """A sandbox of a test: every actor and the fee payer have keys that only tests know."""

    def keypair(self, name: str) -> Keypair:
        """Returns the key of the actor of this name."""
        seed = name if name == "fee payer" else f"actor {name}"
        return Keypair.from_seed(hashlib.sha256(seed.encode()).digest())

    def fails(
        self, error: str, *instructions: Instruction, signers: Iterable[Actor | Keypair] = ()
    ) -> ProgramError:
        """Assert that exactly this error refuses the transaction and that nothing has changed.

        Nothing: every account of the programs and every account the transaction names, byte for
        byte, but for the lamports of the fee payer.
        """
        named = {meta.pubkey for each in instructions for meta in each.accounts}
        before = self.snapshot(named)
        record = self.execute(instructions, signers)
        assert not record.ok, f"expected {error}, but it took effect"
        refusal = failure(record, instructions)
        if not isinstance(refusal, ProgramError):
            raise refusal
        assert refusal.name == error, f"expected {error}, got {refusal}\n" + "\n".join(record.logs)
        changed = self.changed(before, named)
        assert not changed, f"{error} changed {sorted(map(str, changed))}"
        return refusal

    def check_conserved(self) -> None:
        """Assert that the token accounts hold all that was minted and not burned."""
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

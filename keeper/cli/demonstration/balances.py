"""Every $NLOV account of a localnet by name, and whether nothing came or went."""

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey
from solders.token.state import Mint, TokenAccount

from idl.client import (
    SHARDS,
    TOKEN_PROGRAM,
    associated_token_address,
    escrow,
    events_from_logs,
    staking,
)
from keeper.chain.localnet import Bank

TOKEN_ACCOUNT_BYTES = 165
FEE_VAULTS = "fee vaults"
JOB_VAULTS = "job vaults"


@dataclass(frozen=True, slots=True)
class Balances:
    """Base units by name, and the mint's supply."""

    named: Mapping[str, int]
    supply: int

    @property
    def total(self) -> int:
        """Sum of every token account."""
        return sum(self.named.values())


def read_balances(bank: Bank, mint: Pubkey, owners: Mapping[str, Pubkey]) -> Balances:
    """Every token account of the mint; those of nobody known are job vaults."""
    names = {associated_token_address(owner, mint): name for name, owner in owners.items()}
    names[staking.stake_vault_address()] = "stake vault"
    names[staking.reward_vault_address()] = "reward vault"
    names[staking.emission_vault_address()] = "emission vault"
    names |= {escrow.fees_address(shard): FEE_VAULTS for shard in range(SHARDS)}
    named = dict.fromkeys([*names.values(), JOB_VAULTS], 0)
    for address, raw in bank.program_accounts(TOKEN_PROGRAM):
        if len(raw.data) != TOKEN_ACCOUNT_BYTES:
            continue
        account = TokenAccount.from_bytes(bytes(raw.data))
        if account.mint == mint:
            named[names.get(address, JOB_VAULTS)] += account.amount
    raw_mint = bank.account(mint)
    supply = Mint.from_bytes(bytes(raw_mint.data)).supply if raw_mint is not None else 0
    return Balances(named, supply)


def burned_by_rule(bank: Bank) -> int:
    """Base units that the programs' events say were burned."""
    return sum(
        int(getattr(event, "burned", 0))
        for program in (escrow.ID, staking.ID)
        for record in bank.history(program)
        if record.ok
        for event in events_from_logs(record.logs)
        if program == event.PROGRAM_ID
    )


def conserved(before: Balances, after: Balances, burned: int) -> bool:
    """Whether every unit is accounted for: on an account, or burned as the rules say."""
    return (
        before.total == before.supply
        and after.total == after.supply
        and before.supply - after.supply == burned
    )

"""The $NLOV balances of a cluster by name, and whether every unit is accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.chain.feed import history
from keeper.chain.gateway import Gateway
from neurolov_client import (
    SHARDS,
    associated_token_address,
    escrow,
    events_from_logs,
    staking,
)

FEE_VAULTS = "fee vaults"
JOB_VAULTS = "job vaults"


@dataclass(frozen=True, slots=True)
class Balances:
    """Balances in base units by name, and the mint's supply."""

    named: Mapping[str, int]
    supply: int

    @property
    def total(self) -> int:
        """Returns the sum of all balances."""
        return sum(self.named.values())


async def read_balances(gateway: Gateway, mint: Pubkey, owners: Mapping[str, Pubkey]) -> Balances:
    """Returns the balance of every token account; accounts of no known owner are job vaults."""
    names = {associated_token_address(owner, mint): name for name, owner in owners.items()}
    names[staking.stake_vault_address()] = "stake vault"
    names[staking.reward_vault_address()] = "reward vault"
    names[staking.emission_vault_address()] = "emission vault"
    names |= {escrow.fees_address(shard): FEE_VAULTS for shard in range(SHARDS)}
    named = dict.fromkeys([*names.values(), JOB_VAULTS], 0)
    for address, account in await gateway.token_accounts(mint):
        named[names.get(address, JOB_VAULTS)] += account.amount
    return Balances(named, await gateway.token_supply(mint))


async def burned_by_rule(gateway: Gateway) -> int:
    """Returns the base units that were burned, according to the programs' events."""
    burned = 0
    for program in (escrow.ID, staking.ID):
        async for transaction in history(gateway, program):
            burned += sum(
                int(getattr(event, "burned", 0))
                for event in events_from_logs(transaction.logs)
                if program == event.PROGRAM_ID
            )
    return burned


def conserved(before: Balances, after: Balances, burned: int) -> bool:
    """Returns whether every unit is on an account or was burned as the rules say."""
    return (
        before.total == before.supply
        and after.total == after.supply
        and before.supply - after.supply == burned
    )

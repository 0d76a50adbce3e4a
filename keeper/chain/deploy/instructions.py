"""The instructions that initialise the programs, whatever the cluster."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from idl.client import (
    DEPLOYER,
    SHARDS,
    associated_token_address,
    escrow,
    job_registry,
    redundancy,
    staking,
    verdict,
)

_SHARDS_A_TRANSACTION: Final = 4


@dataclass(frozen=True, slots=True)
class Parameters:
    """Every program's parameters at deployment; governance may change them later."""

    staking: staking.Params
    escrow: escrow.Params
    job_registry: job_registry.Params
    verdict: verdict.Params
    redundancy: redundancy.Params


def deploy_instructions(
    *, parameters: Parameters, mint: Pubkey, authority: Pubkey, treasury_owner: Pubkey
) -> Iterator[list[Instruction]]:
    """Returns one list per transaction, in order; the deployer signs and pays each.

    Fees for the treasury go to the associated token account of `treasury_owner`, which is created.
    `authority` may change the parameters.
    """
    treasury = associated_token_address(treasury_owner, mint)
    yield [
        create_idempotent_associated_token_account(DEPLOYER, treasury_owner, mint),
        staking.initialize(params=parameters.staking, authority=authority, mint=mint),
    ]
    yield [staking.initialize_rewards(mint=mint)]
    yield [
        staking.initialize_draw(
            even_snapshot=staking.snapshot_address(0), odd_snapshot=staking.snapshot_address(1)
        )
    ]
    yield [
        escrow.initialize(
            params=parameters.escrow, authority=authority, mint=mint, treasury=treasury
        ),
        job_registry.initialize(params=parameters.job_registry, authority=authority),
    ]
    yield [
        verdict.initialize(params=parameters.verdict, authority=authority),
        job_registry.initialize_market(),
        redundancy.initialize(params=parameters.redundancy, authority=authority),
    ]
    for first in range(0, SHARDS, _SHARDS_A_TRANSACTION):
        shards = range(first, first + _SHARDS_A_TRANSACTION)
        yield [
            escrow.initialize_fee_vault(
                shard=shard, mint=mint, fee_vault=escrow.fees_address(shard)
            )
            for shard in shards
        ]
        yield [
            job_registry.initialize_shard(
                shard=shard, utilisation=job_registry.utilisation_address(shard)
            )
            for shard in shards
        ]

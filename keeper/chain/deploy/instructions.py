"""The instructions that initialise the programs, whatever the cluster."""

from collections.abc import Iterator
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import create_idempotent_associated_token_account

from neurolov_client import (
    DEPLOYER,
    SHARDS,
    associated_token_address,
    escrow,
    job_registry,
    staking,
)

_SHARDS_A_TRANSACTION: Final = 4

FIRST_TERMS: Final = 0
"""Version of the terms of a deployment."""


def deploy_instructions(
    *,
    parameters: staking.Parameters,
    checkpoint_slots: int,
    mint: Pubkey,
    authority: Pubkey,
    treasury_owner: Pubkey,
) -> Iterator[list[Instruction]]:
    """Returns one list per transaction, in order; the deployer signs and pays each.

    Fees for the treasury go to the associated token account of `treasury_owner`, which is created.
    `parameters` are those of the first terms, and `checkpoint_slots` are the slots per window for
    ever. `authority` may queue other terms later.
    """
    treasury = associated_token_address(treasury_owner, mint)
    terms = staking.terms_address(FIRST_TERMS)
    yield [
        create_idempotent_associated_token_account(DEPLOYER, treasury_owner, mint),
        staking.initialize(
            parameters=parameters,
            checkpoint_slots=checkpoint_slots,
            authority=authority,
            mint=mint,
            first_terms=terms,
            treasury=treasury,
        ),
    ]
    yield [staking.initialize_rewards(mint=mint)]
    yield [
        staking.initialize_draw(
            even_snapshot=staking.snapshot_address(0), odd_snapshot=staking.snapshot_address(1)
        )
    ]
    yield [escrow.initialize(mint=mint), job_registry.initialize_market(terms=terms)]
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

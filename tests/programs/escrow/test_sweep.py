from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import Instruction

from keeper.lab.market.stakers import pool, stake
from neurolov_client import SYSTEM_PROGRAM, escrow, shard_of, staking
from tests.programs.escrow.purse import Purse
from tests.programs.forging import copied
from tests.world import NLOV, Actor, World
from tests.world.governing import enact, forge_terms, queue

FEE = 10**9 + 7


@pytest.fixture(autouse=True)
def collected(purse: Purse, provider: Actor) -> None:
    """The job's fee vault holds 1.000000007 $NLOV."""
    purse.settle((provider, NLOV), fee=FEE)
    purse.send(purse.collecting())


def sweep(purse: Purse, **changed: Any) -> Instruction:
    named: dict[str, Any] = {
        "shard": shard_of(purse.job),
        "terms": purse.world.terms,
        "mint": purse.world.mint,
        "fee_vault": purse.fees,
        "treasury": purse.world.treasury,
    }
    return escrow.sweep(**(named | changed))


def test_splits_between_stakers_treasury_and_burn(world: World, purse: Purse) -> None:
    supply, treasury = world.supply(), world.tokens(world.treasury)
    sent = purse.send(sweep(purse))
    stakers, kept = FEE // 2, FEE * 3 // 10
    burned = FEE - stakers - kept
    assert world.tokens(purse.fees) == 0
    assert world.tokens(staking.reward_vault_address()) == stakers
    assert world.tokens(world.treasury) == treasury + kept
    assert world.supply() == supply - burned
    event = sent.only(escrow.FeesSwept)
    assert event.shard == shard_of(purse.job)
    assert (event.stakers, event.treasury, event.burned) == (stakers, kept, burned)
    assert sent.only(staking.RewardsFunded).funder == escrow.config_address()
    assert sent.units <= 40_000
    world.check_conserved()


def test_stakers_earn_their_part(world: World, purse: Purse) -> None:
    owner = world.actor("owner", tokens=NLOV)
    stake(world, owner, NLOV)
    purse.send(sweep(purse))
    world.warp_to(pool(world).period_end)
    claim = staking.claim_rewards(owner=owner.key, destination=owner.tokens)
    world.send(claim, signers=[owner])
    assert 0 <= FEE // 2 - world.tokens(owner) <= 1


def test_passes_over_a_share_of_nothing(world: World, purse: Purse) -> None:
    params = replace(world.parameters.escrow, stakers_bps=0, treasury_bps=0, burn_bps=10_000)
    forge_terms(world, replace(world.parameters, escrow=params))
    supply = world.supply()
    purse.send(sweep(purse))
    assert world.supply() == supply - FEE
    assert world.tokens(staking.reward_vault_address()) == 0


def test_later_terms_name_another_treasury(world: World, purse: Purse, provider: Actor) -> None:
    former = world.terms
    enact(world, treasury=provider.tokens)
    world.fails("WrongTokenAccount", sweep(purse))
    world.fails("WrongTerms", sweep(purse, terms=former))
    purse.send(sweep(purse, treasury=provider.tokens))
    assert world.tokens(provider) == FEE * 3 // 10
    assert world.tokens(world.treasury) == 0


def test_refuses_queued_terms(world: World, purse: Purse, provider: Actor) -> None:
    queue(world, treasury=provider.tokens)
    early = sweep(purse, terms=staking.terms_address(1), treasury=provider.tokens)
    world.fails("WrongTerms", early)


def test_refuses_an_empty_vault(world: World, purse: Purse) -> None:
    purse.send(sweep(purse))
    world.fails("NothingToCollect", sweep(purse))


def test_refuses_another_shard(world: World, purse: Purse) -> None:
    world.fails("WrongVault", sweep(purse, shard=(shard_of(purse.job) + 1) % 16))
    world.fails("ShardOutOfRange", sweep(purse, shard=16))


def test_attack_02_another_users_account_as_treasury(
    world: World, purse: Purse, provider: Actor
) -> None:
    world.fails("WrongTokenAccount", sweep(purse, treasury=provider.tokens))


def test_attack_03_accounts_of_another_program(world: World, purse: Purse) -> None:
    config = copied(world, escrow.config_address(), owner=staking.ID)
    world.fails("AccountOwnedByWrongProgram", sweep(purse, config=config))
    pool_copy = copied(world, staking.pool_address(), owner=escrow.ID)
    world.fails("AccountOwnedByWrongProgram", sweep(purse, pool=pool_copy))


def test_attack_06_fake_programs(world: World, purse: Purse) -> None:
    for name in ("token_program", "staking_program"):
        world.fails("InvalidProgramId", sweep(purse, **{name: SYSTEM_PROGRAM}))


def test_refuses_another_reward_vault(world: World, purse: Purse) -> None:
    wrong = sweep(purse, reward_vault=staking.stake_vault_address())
    world.fails("WrongVault", wrong)


def test_refuses_another_mint(world: World, purse: Purse) -> None:
    world.fails("WrongTokenAccount", sweep(purse, mint=purse.fees))

from dataclasses import replace

import pytest
from solders.account import Account
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

from idl.client import job_registry, staking, verdict
from keeper.lab.market.stakers import pool
from tests.world import World, unsigned, with_account


def test_the_authority_sets_them(world: World) -> None:
    params = replace(world.parameters.staking, unbonding_slots=7)
    sent = world.send(
        staking.set_params(params=params, authority=world.authority.key),
        signers=[world.authority],
    )
    assert pool(world).params == params
    event = sent.only(staking.ParamsSet)
    assert (event.params, event.envelope.sequence) == (params, pool(world).sequence)
    assert sent.units <= 10_000


def test_refuses_anybody_else(world: World) -> None:
    other = world.actor("other")
    instruction = staking.set_params(params=world.parameters.staking, authority=other.key)
    world.fails("NotAuthority", instruction, signers=[other])


def test_attack_01_the_authority_must_sign(world: World) -> None:
    instruction = staking.set_params(params=world.parameters.staking, authority=world.authority.key)
    world.fails("AccountNotSigner", unsigned(instruction, world.authority.key))


def test_refuses_parameters_out_of_range(world: World) -> None:
    params = replace(world.parameters.staking, epoch_slots=0)
    instruction = staking.set_params(params=params, authority=world.authority.key)
    world.fails("InvalidParams", instruction, signers=[world.authority])


LEAST_BURN = 4_934
"""0.1 (1 - 0.25) (1 + 0.4934 * 25) is just above 1, with localnet's other parameters."""


def burning(world: World, bps: int) -> staking.Params:
    return replace(world.parameters.staking, slash_burn_bps=bps)


@pytest.mark.parametrize("bps", [LEAST_BURN - 1, 0])
def test_attack_a_burned_share_under_which_cheating_pays_is_refused(world: World, bps: int) -> None:
    attempt = staking.set_params(params=burning(world, bps), authority=world.authority.key)
    refusal = world.fails("SlashBurnTooLow", attempt, signers=[world.authority])
    assert "slash_burn_bps is too low" in str(refusal)


def test_the_least_burned_share_is_taken(world: World) -> None:
    params = burning(world, LEAST_BURN)
    world.send(
        staking.set_params(params=params, authority=world.authority.key), signers=[world.authority]
    )
    assert pool(world).params == params


LEAST_BURN_FOR_TRAPS = 1_001
"""0.01 * 0.1001 * 10 $NLOV is just above 0.01 $NLOV, with localnet's other parameters."""


def test_attack_a_burned_share_under_which_not_checking_pays_is_refused(world: World) -> None:
    # Removes the registry's rule, which requires more.
    world.bank.set_account(job_registry.registry_address(), Account(0, b"", SYSTEM_PROGRAM))
    params = burning(world, LEAST_BURN_FOR_TRAPS - 1)
    attempt = staking.set_params(params=params, authority=world.authority.key)
    refusal = world.fails("TrapsTooWeak", attempt, signers=[world.authority])
    assert "slash_burn_bps is too low: trap_rate * slash_burn * ballot_exposure" in str(refusal)


@pytest.mark.parametrize(
    ("missing", "least"),
    [(verdict.config_address(), 0), (job_registry.registry_address(), LEAST_BURN_FOR_TRAPS)],
)
def test_before_others_have_parameters_there_is_nothing_to_hold(
    world: World, missing: Pubkey, least: int
) -> None:
    world.bank.set_account(missing, Account(0, b"", SYSTEM_PROGRAM))
    params = burning(world, least)
    world.send(
        staking.set_params(params=params, authority=world.authority.key), signers=[world.authority]
    )
    assert pool(world).params == params


def test_attack_the_rule_is_not_evaded_by_another_account(world: World) -> None:
    attempt = staking.set_params(params=burning(world, 0), authority=world.authority.key)
    for named in (verdict.config_address(), job_registry.registry_address()):
        for other in (staking.pool_address(), world.actor("empty").tokens, world.mint):
            evading = with_account(attempt, named, other)
            world.fails("WrongConfig", evading, signers=[world.authority])

from dataclasses import replace

from idl.client import staking
from tests.world import World, unsigned
from tests.world.stakers import pool


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

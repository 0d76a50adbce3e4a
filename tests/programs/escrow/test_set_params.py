from dataclasses import replace

from idl.client import escrow, staking
from tests.programs.forging import copied
from tests.world import World, unsigned


def test_the_authority_sets_them(world: World) -> None:
    params = replace(world.parameters.escrow, fee_bps=250)
    sent = world.send(
        escrow.set_params(params=params, authority=world.authority.key),
        signers=[world.authority],
    )
    config = world.fetch(escrow.Config, escrow.config_address())
    assert config.params == params
    event = sent.only(escrow.ParamsSet)
    assert (event.params, event.envelope.sequence) == (params, config.sequence)
    assert sent.units <= 10_000


def test_refuses_anybody_else(world: World) -> None:
    other = world.actor("other")
    instruction = escrow.set_params(params=world.parameters.escrow, authority=other.key)
    world.fails("NotAuthority", instruction, signers=[other])


def test_attack_01_the_authority_must_sign(world: World) -> None:
    instruction = escrow.set_params(params=world.parameters.escrow, authority=world.authority.key)
    world.fails("AccountNotSigner", unsigned(instruction, world.authority.key))


def test_attack_03_config_of_another_program(world: World) -> None:
    copy = copied(world, escrow.config_address(), owner=staking.ID)
    instruction = escrow.set_params(
        params=world.parameters.escrow, authority=world.authority.key, config=copy
    )
    world.fails("AccountOwnedByWrongProgram", instruction, signers=[world.authority])


def test_refuses_shares_that_are_not_all(world: World) -> None:
    params = replace(world.parameters.escrow, burn_bps=0)
    instruction = escrow.set_params(params=params, authority=world.authority.key)
    world.fails("InvalidParams", instruction, signers=[world.authority])

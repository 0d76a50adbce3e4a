from dataclasses import replace

from idl.client import verdict
from tests.world import World, unsigned


def test_the_authority_sets_parameters(world: World) -> None:
    params = replace(world.parameters.verdict, p_floor_bps=2_000)
    sent = world.send(
        verdict.set_params(params=params, authority=world.authority.key),
        signers=[world.authority],
    )
    config = world.fetch(verdict.Config, verdict.config_address())
    assert config.params == params
    event = sent.only(verdict.ParamsSet)
    assert isinstance(event, verdict.ParamsSet)
    assert (event.params, event.envelope.sequence) == (params, config.sequence)


def test_nobody_else_sets_parameters(world: World) -> None:
    mallory = world.actor("mallory")
    attempt = verdict.set_params(params=world.parameters.verdict, authority=mallory.key)
    world.fails("Unauthorized", attempt, signers=[mallory])


def test_attack_1_the_authority_must_sign(world: World) -> None:
    attempt = verdict.set_params(params=world.parameters.verdict, authority=world.authority.key)
    world.fails("AccountNotSigner", unsigned(attempt, world.authority.key))


def test_parameters_out_of_range_are_refused(world: World) -> None:
    attempt = verdict.set_params(
        params=replace(world.parameters.verdict, p_floor_bps=0), authority=world.authority.key
    )
    world.fails("InvalidParams", attempt, signers=[world.authority])

from dataclasses import replace

import pytest

from idl.client import redundancy
from keeper.lab.market.tasks import PostedTask, stored
from tests.programs.redundancy.test_initialize import BROKEN, PARAMS
from tests.world import Actor, World, unsigned


def test_the_authority_sets_parameters(world: World) -> None:
    params = replace(PARAMS, bond_bps=10_000)
    sent = world.send(
        redundancy.set_params(params=params, authority=world.authority.key),
        signers=[world.authority],
    )
    config = world.fetch(redundancy.Config, redundancy.config_address())
    assert config.params == params
    event = sent.only(redundancy.ParamsSet)
    assert (event.params, event.envelope.sequence) == (params, config.sequence)


def test_a_deadline_that_runs_stays(world: World, task: PostedTask) -> None:
    before = stored(world, task)
    params = replace(PARAMS, join_slots=1_000)
    setting = redundancy.set_params(params=params, authority=world.authority.key)
    world.send(setting, signers=[world.authority])
    assert stored(world, task) == before


def test_nobody_else_sets_parameters(world: World, cranker: Actor) -> None:
    attempt = redundancy.set_params(params=PARAMS, authority=cranker.key)
    world.fails("Unauthorized", attempt, signers=[cranker])


def test_attack_01_the_authority_must_sign(world: World) -> None:
    attempt = redundancy.set_params(params=PARAMS, authority=world.authority.key)
    world.fails("AccountNotSigner", unsigned(attempt, world.authority.key))


@pytest.mark.parametrize("broken", BROKEN)
def test_parameters_out_of_range_are_refused(world: World, broken: dict[str, int]) -> None:
    attempt = redundancy.set_params(params=replace(PARAMS, **broken), authority=world.authority.key)
    world.fails("InvalidParams", attempt, signers=[world.authority])

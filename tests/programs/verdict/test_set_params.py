from collections.abc import Mapping
from dataclasses import replace

import pytest

from idl.client import escrow, job_registry, staking, verdict
from tests.world import NLOV, World, unsigned, with_account


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


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"p_floor_bps": 741, "collusion_bps": 0}, None),
        ({"p_floor_bps": 740, "collusion_bps": 0}, "FloorTooLow"),
        ({"p_floor_bps": 741}, "CollusionTooHigh"),
        ({"collusion_bps": 2_592}, None),
        ({"collusion_bps": 2_593}, "CollusionTooHigh"),
        ({"collusion_bps": 10_000}, "CollusionTooHigh"),
        ({"lazy_bps": 123}, None),
        ({"lazy_bps": 124}, "LazinessTooHigh"),
        ({"trap_rate_bps": 21}, None),
        ({"trap_rate_bps": 20}, "TrapsTooWeak"),
        ({"ballot_exposure": 2 * NLOV}, "TrapsTooWeak"),
        ({"ballot_exposure": 2 * NLOV + 1}, None),
        ({"check_cost": NLOV // 20}, "TrapsTooWeak"),
        ({"check_cost": NLOV // 20 - 1}, None),
    ],
)
def test_attack_parameters_under_which_cheating_pays_are_refused(
    world: World, changes: Mapping[str, int], error: str | None
) -> None:
    params = replace(world.parameters.verdict, **changes)
    attempt = verdict.set_params(params=params, authority=world.authority.key)
    if error is None:
        world.send(attempt, signers=[world.authority])
        assert world.fetch(verdict.Config, verdict.config_address()).params == params
        return
    said = {
        "FloorTooLow": "p_floor_bps is too",
        "CollusionTooHigh": "collusion_bps is too",
        "LazinessTooHigh": "lazy_bps is too",
        "TrapsTooWeak": "trap_rate * slash_burn * ballot_exposure must exceed check_cost",
    }[error]
    refusal = world.fails(error, attempt, signers=[world.authority])
    assert said in str(refusal)


def test_attack_the_rule_is_not_evaded_by_another_account(world: World) -> None:
    params = replace(world.parameters.verdict, collusion_bps=9_000)
    attempt = verdict.set_params(params=params, authority=world.authority.key)
    for named in (staking.pool_address(), job_registry.registry_address()):
        evading = with_account(attempt, named, escrow.config_address())
        world.fails("AccountOwnedByWrongProgram", evading, signers=[world.authority])
    wrong = with_account(attempt, staking.pool_address(), staking.verifiers_address())
    world.fails("AccountDiscriminatorMismatch", wrong, signers=[world.authority])

from dataclasses import replace

import pytest
from solders.account import Account
from solders.system_program import ID as SYSTEM_PROGRAM

from idl.client import job_registry, staking, verdict
from tests.programs.job_registry.marketplace import PARAMS, Marketplace
from tests.world import unsigned, with_account

CHANGED = replace(PARAMS, lease_slots=7, kappa=40)


def test_replaces_all_params(market: Marketplace) -> None:
    before = market.registry()
    sent = market.send(
        job_registry.set_params(params=CHANGED, authority=market.authority.key),
        signers=[market.authority],
    )
    assert market.registry() == replace(before, params=CHANGED, sequence=before.sequence + 1)
    event = sent.only(job_registry.ParamsSet)
    assert (event.params, event.envelope.sequence) == (CHANGED, before.sequence + 1)
    assert sent.units <= 10_000


def test_refuses_anybody_but_the_authority(market: Marketplace) -> None:
    other = market.person()
    instruction = job_registry.set_params(params=CHANGED, authority=other.key)
    market.fails("Unauthorized", instruction, signers=[other])


def test_attack_01_authority_does_not_sign(market: Marketplace) -> None:
    instruction = job_registry.set_params(params=CHANGED, authority=market.authority.key)
    market.fails("AccountNotSigner", unsigned(instruction, market.authority.key))


def test_refuses_params_out_of_range(market: Marketplace) -> None:
    instruction = job_registry.set_params(
        params=replace(PARAMS, capability_ref=0), authority=market.authority.key
    )
    market.fails("InvalidParams", instruction, signers=[market.authority])


def least_kappa(market: Marketplace) -> int:
    """Returns the lowest kappa at which cheating does not pay; see `programs/verdict/README.md`."""
    rules = market.parameters.verdict
    burned = market.parameters.staking.slash_burn_bps / 10_000
    caught = rules.p_floor_bps / 10_000 * (1 - rules.collusion_bps / 10_000)
    return int((1 / caught - 1) / burned) + 1


@pytest.mark.parametrize("below", [0, 1, 24])
def test_attack_a_kappa_under_which_cheating_pays_is_refused(
    market: Marketplace, below: int
) -> None:
    params = replace(PARAMS, kappa=least_kappa(market) - below)
    attempt = job_registry.set_params(params=params, authority=market.authority.key)
    if below:
        refusal = market.fails("KappaTooLow", attempt, signers=[market.authority])
        assert "kappa is too low" in str(refusal)
    else:
        market.send(attempt, signers=[market.authority])
        assert market.registry().params == params


def test_before_verdict_has_parameters_there_is_nothing_to_hold(market: Marketplace) -> None:
    market.bank.set_account(verdict.config_address(), Account(0, b"", SYSTEM_PROGRAM))
    params = replace(PARAMS, kappa=1)
    market.send(
        job_registry.set_params(params=params, authority=market.authority.key),
        signers=[market.authority],
    )
    assert market.registry().params == params


def test_attack_the_rule_is_not_evaded_by_another_account(market: Marketplace) -> None:
    attempt = job_registry.set_params(
        params=replace(PARAMS, kappa=1), authority=market.authority.key
    )
    config, pool = verdict.config_address(), staking.pool_address()
    for other in (pool, market.person().key, market.mint):
        evading = with_account(attempt, config, other)
        market.fails("WrongConfig", evading, signers=[market.authority])
    evading = with_account(attempt, pool, config)
    market.fails("AccountOwnedByWrongProgram", evading, signers=[market.authority])

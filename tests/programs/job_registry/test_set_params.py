from dataclasses import replace

from idl.client import job_registry
from tests.programs.job_registry.marketplace import PARAMS, Marketplace
from tests.world import unsigned

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

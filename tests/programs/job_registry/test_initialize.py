from dataclasses import replace

import pytest

from idl.client import job_registry
from tests.programs.job_registry.marketplace import DEPLOYER, PARAMS, Marketplace
from tests.world import unsigned

REGISTRY = job_registry.registry_address()


@pytest.fixture
def bare(market: Marketplace) -> Marketplace:
    """A marketplace whose registry does not exist yet."""
    market.purge(REGISTRY)
    return market


def test_stores_authority_and_params(bare: Marketplace) -> None:
    authority = bare.person().key
    sent = bare.send(
        job_registry.initialize(params=PARAMS, authority=authority), signers=[DEPLOYER]
    )
    registry = bare.registry()
    assert (registry.authority, registry.params, registry.sequence) == (authority, PARAMS, 1)
    event = sent.only(job_registry.RegistryInitialized)
    assert (event.authority, event.params, event.envelope.sequence) == (authority, PARAMS, 1)
    assert event.envelope.slot == bare.slot


def test_refuses_anybody_but_the_deployer(bare: Marketplace) -> None:
    other = bare.person()
    instruction = job_registry.initialize(params=PARAMS, authority=other.key, deployer=other.key)
    bare.fails("Unauthorized", instruction, signers=[other])


def test_refuses_without_the_deployers_signature(bare: Marketplace) -> None:
    instruction = job_registry.initialize(params=PARAMS, authority=DEPLOYER.pubkey())
    bare.fails("AccountNotSigner", unsigned(instruction, DEPLOYER.pubkey()))


@pytest.mark.parametrize(
    "name",
    [
        "claim_window_slots",
        "lease_slots",
        "min_rate_macs_per_slot",
        "season_q32",
        "epoch_slots",
        "stake_ref",
        "urgency_ref",
        "complexity_ref",
        "capability_ref",
        "reputation_half_life_slots",
        "kappa",
        "max_attempts",
    ],
)
def test_refuses_a_zero(bare: Marketplace, name: str) -> None:
    params = replace(PARAMS, **{name: 0})
    instruction = job_registry.initialize(params=params, authority=DEPLOYER.pubkey())
    bare.fails("InvalidParams", instruction, signers=[DEPLOYER])


def test_refuses_a_bond_above_the_price(bare: Marketplace) -> None:
    params = replace(PARAMS, bond_bps=10_001)
    instruction = job_registry.initialize(params=params, authority=DEPLOYER.pubkey())
    bare.fails("InvalidParams", instruction, signers=[DEPLOYER])


def test_attack_05_initialise_twice(market: Marketplace) -> None:
    instruction = job_registry.initialize(params=PARAMS, authority=DEPLOYER.pubkey())
    market.fails("AccountAlreadyInUse", instruction, signers=[DEPLOYER])

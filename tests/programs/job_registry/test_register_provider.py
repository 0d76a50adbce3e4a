from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from neurolov_client import job_registry, staking
from tests.programs.job_registry.marketplace import CAPABILITY, Marketplace, url
from tests.world import Actor, unsigned


def register(
    owner: Actor,
    capability: job_registry.Capability = CAPABILITY,
    position: Pubkey | None = None,
) -> Instruction:
    return job_registry.register_provider(capability=capability, owner=owner.key, position=position)


def test_starts_without_reputation(market: Marketplace) -> None:
    owner = market.staker()
    sent = market.send(register(owner), signers=[owner])
    provider = market.provider_of(owner)
    assert (provider.owner, provider.registered_slot) == (owner.key, market.slot)
    assert (provider.ask, provider.max_macs, provider.endpoint) == (
        CAPABILITY.ask,
        CAPABILITY.max_macs,
        CAPABILITY.endpoint,
    )
    assert (provider.memory_bytes, provider.declared_rate) == (
        CAPABILITY.memory_bytes,
        CAPABILITY.declared_rate,
    )
    assert (provider.reputation, provider.measured_rate, provider.completed) == (0, 0, 0)
    assert (provider.failed, provider.active, provider.draining) == (0, 0, 0)
    event = sent.only(job_registry.ProviderRegistered)
    assert (event.owner, event.capability, event.envelope.sequence) == (owner.key, CAPABILITY, 1)
    assert sent.units <= 40_000


def test_refuses_without_a_position(market: Marketplace) -> None:
    owner = market.person()
    market.fails("AccountOwnedByWrongProgram", register(owner), signers=[owner])


def test_refuses_somebody_elses_position(market: Marketplace) -> None:
    owner, other = market.person(), market.staker()
    instruction = register(owner, position=staking.position_address(other.key))
    market.fails("WrongPosition", instruction, signers=[owner])


@pytest.mark.parametrize("field", ["ask", "max_macs"])
def test_refuses_a_zero(market: Marketplace, field: str) -> None:
    owner = market.staker()
    zero: dict[str, Any] = {field: 0}
    capability = replace(CAPABILITY, **zero)
    market.fails("InvalidCapability", register(owner, capability), signers=[owner])


@pytest.mark.parametrize(
    "endpoint",
    [url(""), url("http://a b"), b"\xff" * 96, b"a\0b".ljust(96)],
    ids=["empty", "space", "not ASCII", "text after the end"],
)
def test_refuses_an_endpoint_that_is_no_url(market: Marketplace, endpoint: bytes) -> None:
    owner = market.staker()
    capability = replace(CAPABILITY, endpoint=endpoint)
    market.fails("InvalidUrl", register(owner, capability), signers=[owner])


def test_refuses_a_second_time(market: Marketplace) -> None:
    owner = market.provider()
    market.fails("AccountAlreadyInUse", register(owner), signers=[owner])


def test_refuses_without_the_owners_signature(market: Marketplace) -> None:
    owner = market.staker()
    market.fails("AccountNotSigner", unsigned(register(owner), owner.key))

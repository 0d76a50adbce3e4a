from dataclasses import replace
from typing import Any

import pytest

from neurolov_client import job_registry
from tests.programs.job_registry.marketplace import CAPABILITY, Marketplace, url
from tests.world import unsigned

CHANGED = replace(
    CAPABILITY, ask=7, memory_bytes=1, declared_rate=2, max_macs=9, endpoint=url("https://b.c")
)


def test_replaces_what_a_provider_says(market: Marketplace) -> None:
    owner = market.provider()
    before = market.provider_of(owner)
    sent = market.send(
        job_registry.update_provider(capability=CHANGED, draining=True, owner=owner.key),
        signers=[owner],
    )
    assert market.provider_of(owner) == replace(
        before,
        ask=7,
        memory_bytes=1,
        declared_rate=2,
        max_macs=9,
        endpoint=CHANGED.endpoint,
        draining=1,
        sequence=before.sequence + 1,
    )
    event = sent.only(job_registry.ProviderUpdated)
    assert (event.capability, event.draining) == (CHANGED, True)
    assert sent.units <= 10_000


def test_refuses_somebody_elses(market: Marketplace) -> None:
    owner, other = market.provider(), market.provider()
    instruction = job_registry.update_provider(
        capability=CHANGED,
        draining=True,
        owner=other.key,
        provider=job_registry.provider_address(owner.key),
    )
    market.fails("WrongProvider", instruction, signers=[other])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"ask": 0}, "InvalidCapability"),
        ({"max_macs": 0}, "InvalidCapability"),
        ({"endpoint": url("")}, "InvalidUrl"),
    ],
)
def test_refuses_what_registration_refuses(
    market: Marketplace, change: dict[str, Any], error: str
) -> None:
    owner = market.provider()
    capability = replace(CAPABILITY, **change)
    instruction = job_registry.update_provider(
        capability=capability, draining=False, owner=owner.key
    )
    market.fails(error, instruction, signers=[owner])


def test_refuses_without_the_owners_signature(market: Marketplace) -> None:
    owner = market.provider()
    instruction = job_registry.update_provider(capability=CHANGED, draining=False, owner=owner.key)
    market.fails("AccountNotSigner", unsigned(instruction, owner.key))

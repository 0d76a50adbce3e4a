from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import Instruction

from neurolov_client import job_registry, staking
from tests.programs.job_registry.marketplace import Marketplace, url
from tests.world import Actor, unsigned

MOVED = url("https://b.c")


def available(owner: Actor, signer: Actor | None = None, **changes: Any) -> Instruction:
    given: dict[str, Any] = {
        "endpoint": MOVED,
        "draining": True,
        "signer": (signer or owner).key,
        "position": staking.position_address(owner.key),
        "provider": job_registry.provider_address(owner.key),
    }
    return job_registry.set_availability(**(given | changes))


@pytest.mark.parametrize("by_operator", [False, True])
def test_owner_and_operator_move_a_node(market: Marketplace, by_operator: bool) -> None:
    owner = market.provider()
    signer = market.operator_of(owner) if by_operator else owner
    before = market.provider_of(owner)
    sent = market.send(available(owner, signer), signers=[signer])
    assert market.provider_of(owner) == replace(
        before, endpoint=MOVED, draining=1, sequence=before.sequence + 1
    )
    event = sent.only(job_registry.AvailabilitySet)
    assert (event.owner, event.endpoint, event.draining) == (owner.key, MOVED, True)
    assert sent.units <= 10_000
    market.send(available(owner, signer, draining=False), signers=[signer])
    assert market.provider_of(owner).draining == 0


def test_an_operator_without_budget_may_still_drain(market: Marketplace) -> None:
    """Draining risks no stake, so a node whose losses took its budget can still step back."""
    owner = market.provider()
    operator = market.operator_of(owner, budget=0)
    market.send(available(owner, operator), signers=[operator])
    assert market.provider_of(owner).draining == 1


def test_refuses_a_stranger(market: Marketplace) -> None:
    owner, stranger = market.provider(), market.provider()
    market.fails("Unauthorized", available(owner, stranger), signers=[stranger])
    own = available(owner, stranger, position=staking.position_address(stranger.key))
    market.fails("WrongProvider", own, signers=[stranger])


def test_refuses_an_operator_that_was_replaced(market: Marketplace) -> None:
    owner = market.provider()
    old, new = market.operator_of(owner), market.operator_of(owner)
    market.fails("Unauthorized", available(owner, old), signers=[old])
    market.send(available(owner, new), signers=[new])


def test_nobody_is_the_operator_of_an_owner_that_named_none(market: Marketplace) -> None:
    owner, stranger = market.provider(), market.person()
    assert bytes(market.position_of(owner).operator) == bytes(32)
    market.fails("Unauthorized", available(owner, stranger), signers=[stranger])


def test_an_operator_does_not_change_the_ask(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner)
    before = market.provider_of(owner)
    declared = job_registry.Capability(
        ask=1, memory_bytes=1, declared_rate=1, max_macs=1, endpoint=MOVED
    )
    update = job_registry.update_provider(
        capability=declared,
        draining=False,
        owner=operator.key,
        provider=job_registry.provider_address(owner.key),
    )
    market.fails("WrongProvider", update, signers=[operator])
    assert market.provider_of(owner) == before


@pytest.mark.parametrize(
    "endpoint",
    [url(""), url("http://a b"), b"\xff" * 96, b"a\0b".ljust(96)],
    ids=["empty", "space", "not ASCII", "text after the end"],
)
def test_refuses_an_endpoint_that_is_no_url(market: Marketplace, endpoint: bytes) -> None:
    owner = market.provider()
    market.fails("InvalidUrl", available(owner, endpoint=endpoint), signers=[owner])


def test_refuses_without_a_signature(market: Marketplace) -> None:
    owner = market.provider()
    market.fails("AccountNotSigner", unsigned(available(owner), owner.key))

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from neurolov_client import job_registry, staking
from tests.programs.job_registry.marketplace import Marketplace, url
from tests.world import Actor, unsigned

MOVED = url("http://127.0.0.1:7001")


@pytest.fixture
def owner(market: Marketplace) -> Actor:
    """A registered verifier in seat 7."""
    owner = market.seated(7)
    market.send(
        job_registry.register_verifier(
            endpoint=url(), memory_bytes=5, owner=owner.key, seat=staking.seat_address(7)
        ),
        signers=[owner],
    )
    return owner


def update(
    owner: Actor, seat: int = 7, endpoint: bytes = MOVED, verifier: Pubkey | None = None
) -> Instruction:
    return job_registry.update_verifier(
        endpoint=endpoint,
        memory_bytes=6,
        owner=owner.key,
        seat=staking.seat_address(seat),
        verifier=verifier,
    )


def test_replaces_what_a_verifier_says(market: Marketplace, owner: Actor) -> None:
    sent = market.send(update(owner), signers=[owner])
    verifier = market.fetch(job_registry.Verifier, job_registry.verifier_address(owner.key))
    assert (verifier.endpoint, verifier.memory_bytes, verifier.seat) == (MOVED, 6, 7)
    event = sent.only(job_registry.VerifierUpdated)
    assert (event.endpoint, event.envelope.sequence) == (MOVED, 2)
    assert sent.units <= 10_000


def test_refuses_somebody_elses(market: Marketplace, owner: Actor) -> None:
    other = market.seated(8)
    instruction = update(other, 8, verifier=job_registry.verifier_address(owner.key))
    market.fails("Unauthorized", instruction, signers=[other])


def test_refuses_somebody_elses_seat(market: Marketplace, owner: Actor) -> None:
    market.seated(8)
    market.fails("WrongSeat", update(owner, 8), signers=[owner])


def test_refuses_a_vacated_seat(market: Marketplace, owner: Actor) -> None:
    market.send(staking.vacate_seat(owner=owner.key, seat=staking.seat_address(7)), signers=[owner])
    market.fails("WrongSeat", update(owner), signers=[owner])


def test_refuses_an_endpoint_that_is_no_url(market: Marketplace, owner: Actor) -> None:
    market.fails("InvalidUrl", update(owner, endpoint=url("")), signers=[owner])


def test_refuses_without_the_owners_signature(market: Marketplace, owner: Actor) -> None:
    market.fails("AccountNotSigner", unsigned(update(owner), owner.key))

import pytest
from solders.instruction import Instruction

from neurolov_client import job_registry, staking
from tests.programs.job_registry.marketplace import Marketplace, url
from tests.world import Actor, unsigned

ENDPOINT = url("http://127.0.0.1:7000")


def register(owner: Actor, seat: int, endpoint: bytes = ENDPOINT) -> Instruction:
    return job_registry.register_verifier(
        endpoint=endpoint, memory_bytes=5, owner=owner.key, seat=staking.seat_address(seat)
    )


def test_speaks_for_its_seat(market: Marketplace) -> None:
    owner = market.seated(7)
    sent = market.send(register(owner, 7), signers=[owner])
    verifier = market.fetch(job_registry.Verifier, job_registry.verifier_address(owner.key))
    assert (verifier.owner, verifier.seat, verifier.endpoint) == (owner.key, 7, ENDPOINT)
    assert (verifier.memory_bytes, verifier.registered_slot) == (5, market.slot)
    event = sent.only(job_registry.VerifierRegistered)
    assert (event.owner, event.seat, event.envelope.sequence) == (owner.key, 7, 1)
    assert sent.units <= 40_000


def test_refuses_without_a_seat(market: Marketplace) -> None:
    owner = market.staker()
    market.fails("AccountNotInitialized", register(owner, 7), signers=[owner])


def test_refuses_somebody_elses_seat(market: Marketplace) -> None:
    market.seated(7)
    owner = market.seated(8)
    market.fails("WrongSeat", register(owner, 7), signers=[owner])


def test_refuses_a_vacated_seat(market: Marketplace) -> None:
    owner = market.seated(7)
    market.send(staking.vacate_seat(owner=owner.key, seat=staking.seat_address(7)), signers=[owner])
    market.fails("WrongSeat", register(owner, 7), signers=[owner])


@pytest.mark.parametrize("endpoint", [url(""), url("a\tb")], ids=["empty", "tab"])
def test_refuses_an_endpoint_that_is_no_url(market: Marketplace, endpoint: bytes) -> None:
    owner = market.seated(7)
    market.fails("InvalidUrl", register(owner, 7, endpoint), signers=[owner])


def test_refuses_a_second_time(market: Marketplace) -> None:
    owner = market.seated(7)
    market.send(register(owner, 7), signers=[owner])
    market.fails("AccountAlreadyInUse", register(owner, 7), signers=[owner])


def test_refuses_without_the_owners_signature(market: Marketplace) -> None:
    owner = market.seated(7)
    market.fails("AccountNotSigner", unsigned(register(owner, 7), owner.key))

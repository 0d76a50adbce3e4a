from neurolov_client import job_registry, staking
from tests.programs.job_registry.marketplace import Marketplace, url
from tests.world import Actor, unsigned


def registered(market: Marketplace) -> Actor:
    owner = market.seated(7)
    market.send(
        job_registry.register_verifier(
            endpoint=url(), memory_bytes=5, owner=owner.key, seat=staking.seat_address(7)
        ),
        signers=[owner],
    )
    return owner


def test_returns_the_rent(market: Marketplace) -> None:
    owner = registered(market)
    address = job_registry.verifier_address(owner.key)
    before, rent = market.lamports(owner.key), market.lamports(address)
    sent = market.send(job_registry.deregister_verifier(owner=owner.key), signers=[owner])
    assert not market.exists(address)
    assert market.lamports(owner.key) == before + rent
    event = sent.only(job_registry.VerifierDeregistered)
    assert (event.owner, event.seat) == (owner.key, 7)
    assert sent.units <= 10_000


def test_refuses_somebody_elses(market: Marketplace) -> None:
    owner, other = registered(market), market.person()
    instruction = job_registry.deregister_verifier(
        owner=other.key, verifier=job_registry.verifier_address(owner.key)
    )
    market.fails("Unauthorized", instruction, signers=[other])


def test_refuses_without_the_owners_signature(market: Marketplace) -> None:
    owner = registered(market)
    instruction = job_registry.deregister_verifier(owner=owner.key)
    market.fails("AccountNotSigner", unsigned(instruction, owner.key))

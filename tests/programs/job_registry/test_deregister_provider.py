from neurolov_client import job_registry
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import CAPABILITY, Marketplace
from tests.world import unsigned


def test_returns_the_rent(market: Marketplace) -> None:
    owner = market.provider()
    address = job_registry.provider_address(owner.key)
    before, rent = market.lamports(owner.key), market.lamports(address)
    sent = market.send(steps.deregister(owner), signers=[owner])
    assert not market.exists(address)
    assert market.lamports(owner.key) == before + rent
    assert sent.only(job_registry.ProviderDeregistered).owner == owner.key
    assert sent.units <= 10_000


def test_coming_back_starts_anew(market: Marketplace) -> None:
    owner = market.provider()
    address = job_registry.provider_address(owner.key)
    market.edit(job_registry.Provider, address, reputation=9, completed=3)
    market.send(steps.deregister(owner), signers=[owner])
    market.warp(5)
    market.send(
        job_registry.register_provider(capability=CAPABILITY, owner=owner.key), signers=[owner]
    )
    provider = market.provider_of(owner)
    assert (provider.reputation, provider.completed) == (0, 0)
    assert provider.registered_slot == market.slot


def test_refuses_while_a_job_is_held(market: Marketplace) -> None:
    job, _, owner = market.leased()
    instruction = steps.deregister(owner)
    market.fails("ProviderActive", instruction, signers=[owner])
    market.expire_lease(job, owner)
    market.send(instruction, signers=[owner])


def test_refuses_somebody_elses(market: Marketplace) -> None:
    owner, other = market.provider(), market.person()
    instruction = steps.deregister(other, provider=job_registry.provider_address(owner.key))
    market.fails("WrongProvider", instruction, signers=[other])


def test_refuses_without_the_owners_signature(market: Marketplace) -> None:
    owner = market.provider()
    instruction = steps.deregister(owner)
    market.fails("AccountNotSigner", unsigned(instruction, owner.key))

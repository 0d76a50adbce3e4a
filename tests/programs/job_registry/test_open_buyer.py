from neurolov_client import job_registry
from tests.programs.job_registry.marketplace import Marketplace
from tests.world import unsigned


def test_counts_jobs_from_zero(market: Marketplace) -> None:
    owner = market.person()
    sent = market.send(job_registry.open_buyer(owner=owner.key), signers=[owner])
    buyer = market.fetch(job_registry.Buyer, job_registry.buyer_address(owner.key))
    assert (buyer.owner, buyer.next_job_id) == (owner.key, 0)
    event = sent.only(job_registry.BuyerOpened)
    assert (event.owner, event.envelope.sequence) == (owner.key, 1)
    assert sent.units <= 40_000


def test_refuses_a_second_time(market: Marketplace) -> None:
    owner = market.buyer()
    instruction = job_registry.open_buyer(owner=owner.key)
    market.fails("AccountAlreadyInUse", instruction, signers=[owner])


def test_refuses_without_the_owners_signature(market: Marketplace) -> None:
    owner = market.person()
    instruction = job_registry.open_buyer(owner=owner.key)
    market.fails("AccountNotSigner", unsigned(instruction, owner.key))


def test_refuses_somebody_elses_address(market: Marketplace) -> None:
    owner, other = market.person(), market.person()
    instruction = job_registry.open_buyer(
        owner=owner.key, buyer=job_registry.buyer_address(other.key)
    )
    market.fails("ConstraintSeeds", instruction, signers=[owner])

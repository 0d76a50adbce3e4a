from idl.client import job_registry
from tests.programs.job_registry.marketplace import DEPLOYER, PARAMS, Marketplace

MARKET = job_registry.market_address()


def test_starts_in_the_epoch_of_its_slot(market: Marketplace) -> None:
    market.purge(MARKET)
    market.warp_to(2 * PARAMS.epoch_slots)
    market.send(job_registry.initialize_market(), signers=[DEPLOYER])
    state = market.fetch(job_registry.Market, MARKET)
    assert (state.epoch, state.demand_q32, state.posted_macs, state.settled_macs) == (2, 0, 0, 0)


def test_refuses_anybody_but_the_deployer(market: Marketplace) -> None:
    market.purge(MARKET)
    other = market.person()
    instruction = job_registry.initialize_market(deployer=other.key)
    market.fails("Unauthorized", instruction, signers=[other])


def test_refuses_a_second_time(market: Marketplace) -> None:
    market.fails("AccountAlreadyInUse", job_registry.initialize_market(), signers=[DEPLOYER])


def test_refuses_another_account_as_registry(market: Marketplace) -> None:
    market.purge(MARKET)
    instruction = job_registry.initialize_market(registry=job_registry.utilisation_address(0))
    market.fails("AccountDiscriminatorMismatch", instruction, signers=[DEPLOYER])

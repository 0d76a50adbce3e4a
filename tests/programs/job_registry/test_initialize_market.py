from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from neurolov_client import job_registry, staking
from tests.programs.job_registry.marketplace import DEPLOYER, Marketplace

MARKET = job_registry.market_address()


def initialize(market: Marketplace, terms: Pubkey | None = None) -> Instruction:
    return job_registry.initialize_market(terms=terms or market.terms)


def test_starts_in_the_epoch_of_its_slot(market: Marketplace) -> None:
    market.purge(MARKET)
    market.warp_to(2 * CHECKPOINT_SLOTS)
    market.send(initialize(market), signers=[DEPLOYER])
    state = market.fetch(job_registry.Market, MARKET)
    assert (state.epoch, state.demand_q32, state.capacity, state.settled_macs) == (2, 0, 0, 0)


def test_refuses_anybody_but_the_deployer(market: Marketplace) -> None:
    market.purge(MARKET)
    other = market.person()
    instruction = job_registry.initialize_market(deployer=other.key, terms=market.terms)
    market.fails("Unauthorized", instruction, signers=[other])


def test_refuses_a_second_time(market: Marketplace) -> None:
    market.fails("AccountAlreadyInUse", initialize(market), signers=[DEPLOYER])


def test_refuses_another_account_as_terms(market: Marketplace) -> None:
    market.purge(MARKET)
    other = initialize(market, staking.verifiers_address())
    market.fails("AccountDiscriminatorMismatch", other, signers=[DEPLOYER])
    foreign = initialize(market, job_registry.utilisation_address(0))
    market.fails("AccountOwnedByWrongProgram", foreign, signers=[DEPLOYER])


def test_refuses_terms_that_are_only_queued(market: Marketplace) -> None:
    queued = market.queue_terms(kappa=50)
    market.purge(MARKET)
    market.fails("WrongTerms", initialize(market, queued), signers=[DEPLOYER])

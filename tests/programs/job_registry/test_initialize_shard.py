import pytest
from solders.instruction import Instruction

from neurolov_client import SHARDS, job_registry
from tests.programs.job_registry.marketplace import DEPLOYER, Marketplace


def initialize(shard: int) -> Instruction:
    address = job_registry.utilisation_address(shard)
    return job_registry.initialize_shard(shard=shard, utilisation=address)


@pytest.mark.parametrize("shard", [0, SHARDS - 1])
def test_starts_empty(market: Marketplace, shard: int) -> None:
    address = job_registry.utilisation_address(shard)
    market.purge(address)
    market.send(initialize(shard), signers=[DEPLOYER])
    state = market.fetch(job_registry.UtilisationShard, address)
    assert (state.shard, state.epoch, state.settled_macs) == (shard, 0, 0)
    assert (state.previous_settled_macs, state.raised_rates, state.lowered_rates) == (0, 0, 0)


def test_refuses_a_seventeenth(market: Marketplace) -> None:
    market.fails("InvalidShard", initialize(SHARDS), signers=[DEPLOYER])


def test_refuses_a_second_time(market: Marketplace) -> None:
    market.fails("AccountAlreadyInUse", initialize(3), signers=[DEPLOYER])


def test_refuses_another_shards_address(market: Marketplace) -> None:
    address = job_registry.utilisation_address(4)
    market.purge(address)
    instruction = job_registry.initialize_shard(shard=3, utilisation=address)
    market.fails("ConstraintSeeds", instruction, signers=[DEPLOYER])


def test_refuses_anybody_but_the_deployer(market: Marketplace) -> None:
    address = job_registry.utilisation_address(0)
    market.purge(address)
    other = market.person()
    instruction = job_registry.initialize_shard(shard=0, utilisation=address, deployer=other.key)
    market.fails("Unauthorized", instruction, signers=[other])

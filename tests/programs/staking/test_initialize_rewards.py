import pytest

from keeper.lab.keys import localnet_keypair
from keeper.lab.market.stakers import pool
from neurolov_client import DEPLOYER, staking
from tests.programs.forging import purge
from tests.world import World, unsigned

DEPLOYER_KEY = localnet_keypair("deployer")


@pytest.fixture
def bare(world: World) -> World:
    """A world whose reward and emission vaults do not exist yet."""
    purge(world, staking.reward_vault_address(), staking.emission_vault_address())
    return world


def test_creates_both_vaults_and_starts_the_emission(bare: World) -> None:
    sent = bare.send(staking.initialize_rewards(mint=bare.mint), signers=[DEPLOYER_KEY])
    stored = pool(bare)
    assert stored.reward_vault == staking.reward_vault_address()
    assert stored.emission_vault == staking.emission_vault_address()
    assert (stored.emission_start, stored.emission_last) == (bare.slot, bare.slot)
    assert bare.exists(stored.reward_vault)
    assert bare.exists(stored.emission_vault)
    assert sent.units <= 40_000


def test_refuses_anybody_but_the_deployer(bare: World) -> None:
    other = bare.actor("other")
    instruction = staking.initialize_rewards(mint=bare.mint, deployer=other.key)
    bare.fails("NotDeployer", instruction, signers=[other])


def test_attack_01_the_deployer_must_sign(bare: World) -> None:
    instruction = unsigned(staking.initialize_rewards(mint=bare.mint), DEPLOYER)
    bare.fails("AccountNotSigner", instruction)


def test_attack_05_initialise_twice(world: World) -> None:
    instruction = staking.initialize_rewards(mint=world.mint)
    world.fails("AccountAlreadyInUse", instruction, signers=[DEPLOYER_KEY])

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.keys import localnet_keypair
from neurolov_client import DEPLOYER, escrow
from tests.programs.forging import purge
from tests.world import World, unsigned

DEPLOYER_KEY = localnet_keypair("deployer")
VAULT = escrow.fees_address(5)


@pytest.fixture
def bare(world: World) -> World:
    """A world without fee vault 5."""
    purge(world, VAULT)
    return world


def initialize(
    world: World, shard: int = 5, vault: Pubkey = VAULT, deployer: Pubkey = DEPLOYER
) -> Instruction:
    return escrow.initialize_fee_vault(
        shard=shard, mint=world.mint, fee_vault=vault, deployer=deployer
    )


def test_creates_the_shards_vault(bare: World) -> None:
    sent = bare.send(initialize(bare), signers=[DEPLOYER_KEY])
    assert VAULT in bare.token_accounts()
    config = bare.fetch(escrow.Config, escrow.config_address())
    assert config.fee_vaults[5] == VAULT
    assert sent.units <= 40_000


def test_refuses_a_shard_that_does_not_exist(bare: World) -> None:
    instruction = initialize(bare, 16, escrow.fees_address(16))
    bare.fails("ShardOutOfRange", instruction, signers=[DEPLOYER_KEY])


def test_refuses_another_shards_address(bare: World) -> None:
    bare.fails("ConstraintSeeds", initialize(bare, 4), signers=[DEPLOYER_KEY])


def test_refuses_anybody_but_the_deployer(bare: World) -> None:
    other = bare.actor("other")
    bare.fails("NotDeployer", initialize(bare, deployer=other.key), signers=[other])


def test_attack_01_the_deployer_must_sign(bare: World) -> None:
    bare.fails("AccountNotSigner", unsigned(initialize(bare), DEPLOYER))


def test_attack_05_initialise_twice(world: World) -> None:
    world.fails("AccountAlreadyInUse", initialize(world), signers=[DEPLOYER_KEY])

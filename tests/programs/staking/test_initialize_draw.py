import pytest
from solders.instruction import Instruction

from keeper.lab.keys import localnet_keypair
from neurolov_client import DEPLOYER, staking
from tests.programs.forging import other_bump, purge
from tests.world import World, unsigned

DEPLOYER_KEY = localnet_keypair("deployer")
EVEN, ODD = staking.snapshot_address(0), staking.snapshot_address(1)


@pytest.fixture
def bare(world: World) -> World:
    """A world whose draw does not exist yet."""
    purge(world, staking.verifiers_address(), EVEN, ODD)
    return world


def initialize_draw() -> Instruction:
    return staking.initialize_draw(even_snapshot=EVEN, odd_snapshot=ODD)


def test_creates_an_empty_tree_and_two_snapshots_never_taken(bare: World) -> None:
    sent = bare.send(initialize_draw(), signers=[DEPLOYER_KEY])
    tree = bare.fetch(staking.VerifierTree, staking.verifiers_address())
    assert (tree.total, set(tree.sums)) == (0, {0})
    for parity, address in enumerate((EVEN, ODD)):
        snapshot = bare.fetch(staking.Snapshot, address)
        assert (snapshot.epoch, snapshot.parity, snapshot.total) == (2**64 - 1, parity, 0)
    assert sent.units <= 40_000


def test_refuses_anybody_but_the_deployer(bare: World) -> None:
    other = bare.actor("other")
    instruction = staking.initialize_draw(even_snapshot=EVEN, odd_snapshot=ODD, deployer=other.key)
    bare.fails("NotDeployer", instruction, signers=[other])


def test_attack_01_the_deployer_must_sign(bare: World) -> None:
    bare.fails("AccountNotSigner", unsigned(initialize_draw(), DEPLOYER))


def test_attack_05_initialise_twice(world: World) -> None:
    world.fails("AccountAlreadyInUse", initialize_draw(), signers=[DEPLOYER_KEY])


def test_attack_08_non_canonical_bump(bare: World) -> None:
    wrong = other_bump([b"snapshot", b"\0"], staking.ID)
    instruction = staking.initialize_draw(even_snapshot=wrong, odd_snapshot=ODD)
    bare.fails("ConstraintSeeds", instruction, signers=[DEPLOYER_KEY])

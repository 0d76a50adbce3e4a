import pytest

from neurolov_client import job_registry
from tests.programs.escrow.purse import TO_HAND, Purse, lock
from tests.programs.forging import Caller
from tests.world import Actor, World


@pytest.fixture
def buyer(world: World) -> Actor:
    """A buyer with 100 $NLOV."""
    return world.actor("buyer", tokens=TO_HAND)


@pytest.fixture
def provider(world: World) -> Actor:
    """A party that a job may owe."""
    return world.actor("provider")


@pytest.fixture
def verifier(world: World) -> Actor:
    """Another party that a job may owe."""
    return world.actor("verifier")


@pytest.fixture
def purse(world: World, buyer: Actor) -> Purse:
    """The buyer's locked money for a job that is posted."""
    world.send(lock(world, buyer), signers=[buyer])
    purse = Purse(world, buyer, job_registry.job_address(buyer.key, 0))
    purse.post()
    return purse


@pytest.fixture
def verdict(world: World) -> Caller:
    """The verdict program as a caller."""
    return Caller(world, "verdict")


@pytest.fixture
def registry(world: World) -> Caller:
    """The job registry as a caller."""
    return Caller(world, "job_registry")

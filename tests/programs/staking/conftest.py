import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import stake
from tests.programs.forging import Caller
from tests.world import NLOV, Actor, World

STAKED = 1_000 * NLOV
COLLATERAL = 400 * NLOV
# The weight of a seat with that collateral whose owner has neither caught nor missed anything.
WEIGHT = COLLATERAL // 2


@pytest.fixture
def owner(world: World) -> Actor:
    """An actor with 1,000 $NLOV staked and 1,000 more free."""
    actor = world.actor("owner", tokens=2 * STAKED)
    stake(world, actor, STAKED)
    return actor


@pytest.fixture
def other(world: World) -> Actor:
    """Another actor with 1,000 $NLOV staked and 1,000 more free."""
    actor = world.actor("other", tokens=2 * STAKED)
    stake(world, actor, STAKED)
    return actor


@pytest.fixture
def registry(world: World) -> Caller:
    """The job registry as a caller."""
    return Caller(world, "job_registry")


@pytest.fixture
def verdict(world: World) -> Caller:
    """The verdict program as a caller."""
    return Caller(world, "verdict")


@pytest.fixture
def job() -> Pubkey:
    """The key by which the calling program names a job."""
    return Pubkey(b"\7" * 32)

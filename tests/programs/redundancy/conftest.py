import pytest

from tests.world import NLOV, Actor, World
from tests.world.tasks import PostedTask, post, providers


@pytest.fixture
def buyer(world: World) -> Actor:
    """Somebody with 100 $NLOV and no task yet."""
    return world.actor("buyer", tokens=100 * NLOV)


@pytest.fixture
def cranker(world: World) -> Actor:
    """Somebody who has no part in any task."""
    return world.actor("cranker")


@pytest.fixture
def members(world: World) -> list[Actor]:
    """Eight providers with 1,000 $NLOV staked each."""
    return providers(world, 8)


@pytest.fixture
def task(world: World, buyer: Actor) -> PostedTask:
    """Two of three, and up to five, at 1 $NLOV each."""
    return post(world, buyer)

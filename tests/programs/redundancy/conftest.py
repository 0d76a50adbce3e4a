import pytest

from keeper.lab.market.tasks import PostedTask, commit, decide, join, post, providers, reveal, run
from tests.world import NLOV, Actor, World


@pytest.fixture
def buyer(world: World) -> Actor:
    """A buyer with 100 $NLOV and no task yet."""
    return world.actor("buyer", tokens=100 * NLOV)


@pytest.fixture
def cranker(world: World) -> Actor:
    """An actor that has no part in any task."""
    return world.actor("cranker")


@pytest.fixture
def members(world: World) -> list[Actor]:
    """Eight providers with 1,000 $NLOV staked each."""
    return providers(world, 8)


@pytest.fixture
def operator(world: World) -> Actor:
    """A key that owns no stake."""
    return world.actor("operator")


@pytest.fixture
def task(world: World, buyer: Actor, members: list[Actor]) -> PostedTask:
    """A task that needs two of three runs, at most five, at 1 $NLOV each; all members may join."""
    return post(world, buyer)


@pytest.fixture
def runners(members: list[Actor]) -> list[Actor]:
    """The first three providers."""
    return members[:3]


@pytest.fixture
def running(world: World, task: PostedTask, runners: list[Actor]) -> PostedTask:
    """The task, joined by the runners."""
    for runner in runners:
        join(world, runner, task)
    return task


@pytest.fixture
def revealing(world: World, running: PostedTask, runners: list[Actor]) -> PostedTask:
    """The task, with outputs 0, 1 and 2 committed."""
    commit(world, running, {runner: output for output, runner in enumerate(runners)})
    return running


@pytest.fixture
def comparing(world: World, revealing: PostedTask, runners: list[Actor]) -> PostedTask:
    """The task, with outputs 0, 1 and 2 revealed."""
    reveal(world, revealing, {runner: output for output, runner in enumerate(runners)})
    return revealing


@pytest.fixture
def settled(world: World, task: PostedTask, runners: list[Actor], cranker: Actor) -> PostedTask:
    """The task, decided after all three runners agreed."""
    run(world, task, dict.fromkeys(runners, 1))
    decide(world, cranker, task)
    return task

import pytest

from tests.programs.verdict.answering import Answering
from tests.programs.verdict.disputing import Disputing
from tests.programs.verdict.judging import Judging
from tests.world import World


@pytest.fixture
def judging(world: World) -> Judging:
    """A claimed job whose verdict is not open yet."""
    return Judging(world)


@pytest.fixture
def disputing(world: World) -> Disputing:
    """A claimed job, without verifiers, whose provider will lie about one element."""
    return Disputing(world)


@pytest.fixture
def judged(world: World) -> Disputing:
    """The same as `disputing`, with seven verifiers."""
    return Disputing(world, seats=7)


@pytest.fixture
def answering(world: World) -> Answering:
    """A claimed job whose provider commits truthfully; seven verifiers."""
    return Answering(world)

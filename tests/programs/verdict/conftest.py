import pytest

from tests.programs.verdict.judging import Judging
from tests.world import World


@pytest.fixture
def judging(world: World) -> Judging:
    """A claimed job whose verdict is not open yet."""
    return Judging(world)

import pytest

from tests.world import World


@pytest.fixture
def world() -> World:
    """A fresh chain with the programs deployed."""
    return World()

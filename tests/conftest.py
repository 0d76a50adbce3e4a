from collections.abc import Iterator

import pytest

from tests.world import World


@pytest.fixture(scope="session", autouse=True)
def _own_cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What was measured on other days decides nothing here, and tests leave nothing behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def world() -> World:
    """A fresh chain with the programs deployed."""
    return World()

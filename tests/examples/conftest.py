from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.network import Network, example, succeeded


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """A fresh localnet that funded everybody and in which nobody acts yet."""
    with Network(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def order(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The graph and the input that the examples post."""
    folder = tmp_path_factory.mktemp("order")
    succeeded(example("build_graph", folder))
    return folder / "layer.graph", folder / "input.bin"

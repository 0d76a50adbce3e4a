import os
from collections.abc import Iterator, Sequence
from typing import Final

import pytest
from hypothesis import settings

from tests.validator import process
from tests.world import World

THREADS: Final = ("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")

# On a busy machine an example takes as long as it takes.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: Sequence[object]) -> None:
    """Divide the cores between the workers, which inherit this process's environment.

    Each of lavapipe, OpenMP and OpenBLAS would otherwise start a thread per core in every worker.
    """
    share = max(1, (os.cpu_count() or 1) // len(specs))
    for name in THREADS:
        os.environ.setdefault(name, str(share))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run for want of a binary that no package brings."""
    if not process.installed():
        terminalreporter.write_line(
            f"{process.BINARY} is not on PATH: the end-to-end tests run on localnet alone; "
            "`make validator` builds it"
        )


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What was measured on other days decides nothing here, and tests leave nothing behind.

    Nor does what the person who runs the tests has configured.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        for name in [each for each in os.environ if each.startswith("NEUROLOV_")]:
            patch.delenv(name)
        patch.setenv("NEUROLOV_CONFIG", str(tmp_path_factory.mktemp("config") / "config.toml"))
        yield


@pytest.fixture
def world() -> World:
    """A fresh chain with the programs deployed."""
    return World.fresh()

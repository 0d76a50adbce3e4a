"""How long the commands take to start, each as a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from time import perf_counter
from typing import Final

from keeper.cli.app import cli
from keeper.cli.registry import leaves
from keeper.configuration import create_keypair

LIGHT_LIMIT: Final = 0.35
COMMAND_LIMIT: Final = 0.8
_HELP: Final = "--help"


@dataclass(frozen=True, slots=True)
class StartFigures:
    """Seconds from the start of a process to its end: the least of several runs.

    `commands` holds each command by its name, such as `job status`: the process that prints its
    help, which has imported all that its work needs. `light_seconds` is `key show`.
    """

    python_seconds: float
    help_seconds: float
    light_seconds: float
    commands: dict[str, float]

    @property
    def within(self) -> bool:
        """Whether everything is within its limit."""
        light = self.help_seconds, self.light_seconds
        return max(light) <= LIGHT_LIMIT and max(self.commands.values()) <= COMMAND_LIMIT


def commands(pattern: str = "*") -> list[str]:
    """Returns the names of all commands that match, those of other distributions too."""
    return [name for path, _ in leaves(cli) if fnmatch(name := " ".join(path), pattern)]


def measure_start(names: Iterable[str], runs: int, step: Callable[[], None]) -> StartFigures:
    """Measures all of them in turn, `runs` times; `step` is called after each time.

    Raises subprocess.CalledProcessError where a command fails.
    """
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder:
        key = Path(folder) / "id.json"
        create_keypair(key)
        neurolov = [sys.executable, "-m", "keeper"]
        asked = {
            "python": [sys.executable, "-c", "pass"],
            _HELP: [*neurolov, _HELP],
            "light": [*neurolov, "key", "show", str(key)],
        }
        helped = {name: [*neurolov, *name.split(), _HELP] for name in names}
        least: dict[str, float] = {}
        for _ in range(runs):
            for name, arguments in (asked | helped).items():
                least[name] = min(_seconds(arguments), least.get(name, float("inf")))
            step()
    return StartFigures(
        python_seconds=least["python"],
        help_seconds=least[_HELP],
        light_seconds=least["light"],
        commands={name: least[name] for name in helped},
    )


def _seconds(arguments: list[str]) -> float:
    began = perf_counter()
    subprocess.run(arguments, check=True, capture_output=True)  # noqa: S603
    return perf_counter() - began

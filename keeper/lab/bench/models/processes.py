"""Measures models one after the other, each class of each in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keeper.lab.bench.models.entry import Entry
from keeper.lab.bench.models.figures import JobClass, ModelFigures, Obstacle, Result, loaded

MODULE = "keeper.lab.bench.models"
SETTLED_SHARE, EXACT_SHARE = 0.9, 0.6
"""The parts of the shipped files that must settle in one of the classes, and in the exact class."""


@dataclass(frozen=True, slots=True)
class ModelResults:
    """The result of each model in each class that was measured, and which models are shipped."""

    files: Mapping[str, Mapping[JobClass, Result]]
    shipped: frozenset[str]

    @property
    def settled_share(self) -> float:
        """The part of the shipped files that settled in one of the classes."""
        return self._share(JobClass)

    @property
    def exact_share(self) -> float:
        """The part of the shipped files that settled in the exact class."""
        return self._share((JobClass.EXACT,))

    @property
    def wrong(self) -> list[str]:
        """Names and classes of those that settled with a wrong result."""
        return [
            f"{name} ({job_class})"
            for name, results in self.files.items()
            for job_class, result in results.items()
            if isinstance(result, ModelFigures) and result.wrong
        ]

    @property
    def within(self) -> bool:
        """Whether enough shipped files settled, and none with a wrong result."""
        enough = self.settled_share >= SETTLED_SHARE and self.exact_share >= EXACT_SHARE
        return enough and not self.wrong

    def obstacles(self) -> list[tuple[str, list[str]]]:
        """Returns reasons with the names they keep from a class, the most frequent first."""
        found: dict[str, list[str]] = {}
        for name, results in self.files.items():
            for job_class, result in results.items():
                if isinstance(result, Obstacle):
                    found.setdefault(result.reason, []).append(f"{name} ({job_class})")
        return sorted(found.items(), key=lambda each: -len(each[1]))

    def as_json(self) -> dict[str, Any]:
        """Returns the JSON document."""
        return {
            "files": {
                name: {str(each): asdict(result) for each, result in results.items()}
                for name, results in self.files.items()
            },
            "settled_share": self.settled_share,
            "exact_share": self.exact_share,
            "wrong": self.wrong,
        }

    def _share(self, classes: Sequence[JobClass] | type[JobClass]) -> float:
        files = [results for name, results in self.files.items() if name in self.shipped]
        settled = [any(_settled(each.get(one)) for one in classes) for each in files]
        return sum(settled) / len(settled) if settled else 0.0


def measure(
    chosen: Sequence[Entry],
    classes: Sequence[JobClass],
    folder: Path,
    seconds: float,
    tell: Callable[[str, JobClass, Result | None], None],
) -> ModelResults:
    """Returns the results; a measurement that takes more than `seconds` is ended.

    `tell` hears of each measurement before it begins, with None, and when it has ended.
    """
    files: dict[str, dict[JobClass, Result]] = {entry.name: {} for entry in chosen}
    for entry, job_class in _pairs(chosen, classes):
        tell(entry.name, job_class, None)
        result = measured_alone(entry.name, job_class, folder, seconds)
        files[entry.name][job_class] = result
        tell(entry.name, job_class, result)
    return ModelResults(files, frozenset(entry.name for entry in chosen if entry.shipped))


def measured_alone(name: str, job_class: JobClass, folder: Path, seconds: float) -> Result:
    """Returns what a process of its own measures; its end without a result is an obstacle."""
    with subprocess.Popen(  # noqa: S603 - this interpreter and names of the catalogue
        [sys.executable, "-m", MODULE, name, str(job_class), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        try:
            answer, complaint = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return Obstacle(f"took more than {seconds:.0f} s and was ended")
        finally:
            _end(process)
    lines = answer.splitlines()
    if process.returncode or not lines:
        return Obstacle(_death(process.returncode, complaint))
    return loaded(lines[-1])


def _end(process: subprocess.Popen[str]) -> None:
    # Its own children, which run packages, end with it.
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _death(status: int, complaint: str) -> str:
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    last = next((line for line in reversed(complaint.splitlines()) if line.strip()), "")
    return f"its process died ({how}): {last[:300]}"


def _pairs(
    chosen: Sequence[Entry], classes: Sequence[JobClass]
) -> Iterator[tuple[Entry, JobClass]]:
    for entry in chosen:
        for job_class in classes:
            yield entry, job_class


def _settled(result: Result | None) -> bool:
    return isinstance(result, ModelFigures) and result.settled

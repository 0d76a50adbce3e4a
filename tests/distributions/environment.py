"""A virtual environment that finds nothing of this checkout."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment without pip, and wheels to install in it."""

    python: Path
    wheels: Path

    @classmethod
    def empty(cls, folder: Path, wheels: Path) -> "Environment":
        """Makes an environment in which nothing is installed."""
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        return cls(folder / "bin/python", wheels)

    @property
    def site_packages(self) -> Path:
        """Where the environment's packages lie."""
        (found,) = self.python.parents[1].glob("lib/python*/site-packages")
        return found

    def install(self, wheel: str, *options: str) -> None:
        """Installs the wheel whose name begins so, without an index."""
        (path,) = self.wheels.glob(f"{wheel}-*.whl")
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        offline = ["--disable-pip-version-check", "--no-index", *options]
        subprocess.run([*pip, *offline, str(path)], check=True, cwd=self.wheels)

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs an installed command; its status is the caller's to judge."""
        return self._run(str(self.python.parent / command), *arguments)

    def script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the environment's Python with these arguments."""
        return self._run(str(self.python), *arguments)

    def evaluate(self, source: str) -> str:
        """Returns what a piece of Python prints."""
        return self.script("-c", source).stdout.strip()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        # Nothing of this checkout or of its environment may be found.
        clean = {"PATH": "/usr/bin:/bin", "HOME": str(self.wheels), "COLUMNS": "100"}
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.wheels, env=clean
        )

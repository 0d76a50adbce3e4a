"""A role as a process of its own, whose lines a test waits for."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Self

from keeper.cli.output import INDENT

PATIENCE_SECONDS = 180.0


class RoleProcess:
    """`neurolov ARGUMENTS` as a process; it is killed with the block if it has not ended."""

    def __init__(self, *arguments: object) -> None:
        self.lines: list[str] = []
        self._changed = Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "keeper", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        self._reader = Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def told(self, text: str, times: int = 1) -> str:
        """Wait until it has printed a line with this text so often, and return the last one."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: len(self._with(text)) >= times or not self._reader.is_alive(),
                PATIENCE_SECONDS,
            )
        lines = self._with(text)
        assert found, f"no line {text!r} in {self.lines}"
        assert len(lines) >= times, f"ended without {text!r}: {self.lines}"
        return lines[times - 1]

    def ended(self) -> int:
        """Wait for its end, and return its status."""
        status = self._process.wait(PATIENCE_SECONDS)
        self._reader.join()
        return status

    def _with(self, text: str) -> list[str]:
        return [line for line in self.lines if text in line]

    def _read(self) -> None:
        """Collect lines as they were told; what was told at once arrives at once."""
        assert self._process.stdout is not None
        rest = b""
        while chunk := os.read(self._process.stdout.fileno(), 1 << 16):
            *whole, rest = (rest + chunk).split(b"\n")
            with self._changed:
                for line in map(bytes.decode, whole):
                    self._add(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _add(self, line: str) -> None:
        if line.startswith(INDENT) and self.lines:
            self.lines[-1] += f" {line.removeprefix(INDENT)}"
        else:
            self.lines.append(line)


def arguments(folder: Path, key: Path, cluster: Sequence[str]) -> list[object]:
    """Returns what every role is told about its key, its folder and its cluster."""
    return ["--keypair", key, "--folder", folder, "--poll", "0.05", "--allow-private", *cluster]

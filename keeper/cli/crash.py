"""What becomes of an error that nobody expected: one line, and the traceback in a file."""

import os
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from keeper.files import create_private
from keeper.telemetry import redacted


def report_crash(error: BaseException) -> str:
    """Keeps the traceback in a file and returns the line that tells of both.

    The file is in neurolov/crashes in $XDG_STATE_HOME or ~/.local/state, or else among temporary
    files. Secrets are redacted as in logs.
    """
    text = redacted("".join(traceback.format_exception(error)))
    first = _first(error)
    # Of a message of several lines, the first says what happened.
    said = next(iter(redacted(str(first)).splitlines()), "")
    what = f"{type(first).__name__}: {said}" if said else type(first).__name__
    return (
        f"an error that neurolov did not expect ({what}); "
        f"please report it with its traceback, which is in {_kept(text)}"
    )


def _first(error: BaseException) -> BaseException:
    """Returns the first error of groups within groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _kept(text: str) -> Path:
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    name = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-{os.getpid()}.txt"
    for folder in (home / "neurolov" / "crashes", Path(tempfile.mkdtemp(prefix="neurolov-"))):
        try:
            create_private(folder / name, text.encode(errors="backslashreplace"))
        except OSError:
            continue
        return folder / name
    return Path(os.devnull)

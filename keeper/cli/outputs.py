"""Files that a command writes its result to: checked before anything is paid, written whole."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
import numpy as np

from keeper.cli.options import FILE
from keeper.cli.options.settings import Command
from keeper.errors import BadInputError, KeeperError
from keeper.files import replace_atomically
from kernels.trace.layout import Array

NPY_HEADER_BYTES = 4_096
"""More than the header of a .npy file takes."""


class OutputRefusedError(BadInputError):
    """A result could not be written to the file that the user names."""


class OutputFailedError(KeeperError):
    """A result could not be written although its file was fine before."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where a result goes: to exactly this path, whatever its suffix."""

    path: Path
    overwrite: bool

    def require_writable(self, size: int, own: Path | None = None) -> None:
        """Raise OutputRefusedError unless a result of `size` bytes can be written.

        An existing file is refused, unless it is to be overwritten or equals the file `own`.
        """
        folder = self.path.absolute().parent
        if not folder.is_dir():
            raise OutputRefusedError(f"there is no folder {folder}; run: mkdir -p {folder}")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputRefusedError(f"folder {folder} is not writable; name another --output")
        if self.path.is_dir():
            raise OutputRefusedError(f"{self.path} is a folder; name a file in it")
        if self.path.exists() and not self.overwrite and not _equal(self.path, own):
            raise OutputRefusedError(
                f"{self.path} exists; name another --output, or pass --overwrite"
            )
        require_room(folder, size)

    def write(self, array: Array, kept: Path | None = None) -> None:
        """Write an array in the format of .npy; the file is complete or is not there.

        Raises OutputFailedError, which tells where the array is `kept`.
        """
        try:
            with replace_atomically(self.path.absolute()) as file:
                np.save(file, array, allow_pickle=False)
                os.fchmod(file.fileno(), 0o666 & ~_umask())
        except OSError as error:
            where = "" if kept is None else f"; the result is kept in {kept}"
            raise OutputFailedError(
                f"{self.path} cannot be written: {error.strerror}{where}"
            ) from error


def require_place(path: Path) -> None:
    """Raise OutputRefusedError unless a file can be written at a path, replacing what is there.

    Folders that do not exist are made when it is written.
    """
    if path.is_dir():
        raise OutputRefusedError(f"{path} is a folder; name a file in it")
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise OutputRefusedError(f"nothing can be written in {folder}; name another --output")


def require_room(folder: Path, size: int) -> None:
    """Raise OutputRefusedError unless a folder's disk has room for so many bytes."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OutputRefusedError(
            f"the disk of {folder} has {free:,} bytes free, the result takes {size:,}"
        )


def npy_bytes(array_bytes: int) -> int:
    """Returns the most bytes of a .npy file whose elements take `array_bytes`."""
    return array_bytes + NPY_HEADER_BYTES


def output_options(required: bool = False) -> Callable[[Command], Command]:
    """Returns a decorator that adds --output and --overwrite, passed on as `output`.

    It is None where the user names none.
    """

    def decorate(command: Command) -> Command:
        @click.option(
            "--output",
            "path",
            type=FILE,
            required=required,
            help="Write the result to this file, in the format of .npy.",
        )
        @click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
        @wraps(command)
        def wrapped(*arguments: Any, path: Path | None, overwrite: bool, **rest: Any) -> Any:
            output = None if path is None else Output(path, overwrite)
            return command(*arguments, output=output, **rest)

        return wrapped

    return decorate


def _umask() -> int:
    """Returns what the user forbids on new files; asking means setting it for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _equal(path: Path, own: Path | None) -> bool:
    if own is None or not own.is_file() or own.stat().st_size != path.stat().st_size:
        return False
    return path.read_bytes() == own.read_bytes()

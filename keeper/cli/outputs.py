"""Files that a command writes its result to: checked before anything is paid, written whole."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from keeper.cli.options.settings import Command
from keeper.errors import BadInputError, KeeperError
from keeper.files import replace_atomically
from keeper.node.buying.results import (
    ONE_SUFFIX,
    SEVERAL_SUFFIX,
    Result,
    read_result,
    write_result,
)
from kernels.trace.layout import Array

NPY_HEADER_BYTES = 4_096
"""More than the header of a .npy file takes."""


class OutputRefusedError(BadInputError):
    """A result could not be written to the file that the user names."""


class OutputFailedError(KeeperError):
    """A result could not be written although its file was fine before."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where a result goes: one array to exactly this path, whatever its suffix.

    Several go to an .npz file, or to a .npy file each in a folder. `decode` turns a result into
    what is written.
    """

    path: Path
    overwrite: bool
    decode: Callable[[Result], Result] = field(default=lambda result: result)

    def require_writable(
        self, size: int, own: Path | None = None, names: Sequence[str] | None = None
    ) -> None:
        """Raise OutputRefusedError unless a result of `size` bytes can be written.

        `names` are those of several outputs, empty for one, None where they are not known yet. An
        existing file is refused, unless it is to be overwritten or holds the result `own`.
        """
        folder = self.path.absolute().parent
        if not folder.is_dir():
            raise OutputRefusedError(f"there is no folder {folder}; run: mkdir -p {folder}")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputRefusedError(f"folder {folder} is not writable; name another --output")
        if names is not None and (wrong := self._misplaced(len(names) or 1)):
            raise OutputRefusedError(wrong)
        if not self.overwrite:
            self._require_absent(own, names or ())
        require_room(folder, size)

    def write(self, result: Result, kept: Path | None = None) -> Result:
        """Write a result and return it as written; each file is complete or is not there.

        Raises OutputFailedError, which tells where the result is `kept`.
        """
        where = "" if kept is None else f"; the result is kept in {kept}"
        if wrong := self._misplaced(len(result) if isinstance(result, dict) else 1):
            raise OutputFailedError(f"{wrong}{where}")
        decoded = self.decode(result)
        files = self._files(decoded)
        for path, part in files.items():
            # The names of files in a folder are not known before there is a result.
            if path.parent == self.path.absolute() and not self.overwrite:
                self._require_equal(path, part, where)
        try:
            for path, part in files.items():
                path.parent.mkdir(exist_ok=True)
                with replace_atomically(path) as file:
                    write_result(file, part)
                    os.fchmod(file.fileno(), 0o666 & ~_umask())
        except OSError as error:
            raise OutputFailedError(
                f"{self.path} cannot be written: {error.strerror}{where}"
            ) from error
        return decoded

    @staticmethod
    def _require_equal(path: Path, part: Result, where: str) -> None:
        if path.exists() and not _holds(path, part):
            raise OutputFailedError(
                f"{path} exists; name another --output, or pass --overwrite{where}"
            )

    def _misplaced(self, count: int) -> str | None:
        """Returns why so many outputs cannot go to the path, None where they can."""
        if count == 1:
            told = "is a directory; the result is one array: name a file in it"
            return f"{self.path} {told}" if self.path.is_dir() else None
        if self.path.suffix == SEVERAL_SUFFIX or self.path.is_dir():
            return None
        return (
            f"{self.path}: the result has {count} outputs; name an {SEVERAL_SUFFIX} file, or a "
            "folder that exists"
        )

    def _files(self, result: Result) -> dict[Path, Result]:
        """Returns what each file holds; a name's odd characters are escaped as in a URL."""
        path = self.path.absolute()
        if not isinstance(result, dict) or not path.is_dir():
            return {path: result}
        return {_member(path, name): array for name, array in result.items()}

    def _require_absent(self, own: Path | None, names: Sequence[str]) -> None:
        folder = self.path.is_dir()
        paths = [_member(self.path, name) for name in names] if folder else [self.path]
        present = [path for path in paths if path.exists()]
        held: Result | None = None
        if present and own is not None:
            held = read_result(own.parent, own.stem)
        files = {} if held is None else self._files(self.decode(held))
        for path in present:
            part = files.get(path.absolute())
            if part is None or not _holds(path, part):
                raise OutputRefusedError(
                    f"{path} exists; name another --output, or pass --overwrite"
                )


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


def npy_bytes(array_bytes: int, arrays: int = 1) -> int:
    """Returns the most bytes of .npy files, whose elements take `array_bytes`."""
    return array_bytes + arrays * NPY_HEADER_BYTES


def output_options(required: bool = False) -> Callable[[Command], Command]:
    """Returns a decorator that adds --output and --overwrite, passed on as `output`.

    It is None where the user names none.
    """

    def decorate(command: Command) -> Command:
        @click.option(
            "--output",
            "path",
            type=click.Path(path_type=Path),
            required=required,
            help="Write the result to this file, in the format of .npy. Several outputs go to an "
            ".npz file, or to a .npy file each in a folder.",
        )
        @click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
        @wraps(command)
        def wrapped(*arguments: Any, path: Path | None, overwrite: bool, **rest: Any) -> Any:
            output = None if path is None else Output(path, overwrite)
            return command(*arguments, output=output, **rest)

        return wrapped

    return decorate


def result_document(result: Result) -> dict[str, Any]:
    """Returns shape and element count of a result, or of each output by its name."""
    if isinstance(result, dict):
        return {"outputs": {name: _form(array) for name, array in result.items()}}
    return _form(result)


def result_lines(path: Path, result: Result) -> list[str]:
    """Returns a line for a result, or for each output of it."""
    if not isinstance(result, dict):
        return [f"{path}: {_told(result)}"]
    return [f"{path}: {name}: {_told(array)}" for name, array in result.items()]


def _form(array: Array) -> dict[str, Any]:
    return {"shape": list(array.shape), "elements": array.size, "type": array.dtype.name}


def _told(array: Array) -> str:
    return f"{'x'.join(map(str, array.shape)) or 'one'} elements of {array.dtype}"


def _member(folder: Path, name: str) -> Path:
    # A name is another's text, and a slash in it must not lead out of the folder.
    return folder / f"{quote(name, safe='')}{ONE_SUFFIX}"


def _umask() -> int:
    """Returns what the user forbids on new files; asking means setting it for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _holds(path: Path, result: Result) -> bool:
    """Returns whether a file is what writing a result would make of it."""
    written = BytesIO()
    write_result(written, result)
    return path.stat().st_size == written.tell() and path.read_bytes() == written.getvalue()

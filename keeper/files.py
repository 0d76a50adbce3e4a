"""Durable replacement of files and private key files."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from keeper.locks import lock_file, remove_abandoned

PARTIAL = ".partial-"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def replace_atomically(path: Path) -> Iterator[BinaryIO]:
    """Yield a temporary file; sync it and rename it to `path` if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = _temporary(path.parent)
    with os.fdopen(descriptor, "wb") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    sync_directory(path.parent)


def remove_partials(folder: Path) -> None:
    """Remove what crashes left of `replace_atomically` in a folder and below."""
    for partial in folder.rglob(f"{PARTIAL}*"):
        remove_abandoned(partial)


def _temporary(folder: Path) -> tuple[int, Path]:
    """Returns a new file, locked while it is open, so that nobody takes it for a crash's."""
    while True:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=PARTIAL)
        if lock_file(descriptor, Path(name)):
            return descriptor, Path(name)
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make a rename or removal inside the directory `path` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def readable_by_others(path: Path) -> bool:
    """Returns whether group or others have any permission on the file."""
    return bool(path.stat().st_mode & OTHERS)


def create_private(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600. Raises FileExistsError when `path` exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())

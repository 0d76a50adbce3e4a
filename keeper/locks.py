"""Locks between processes on one machine: each ends with the process that holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

STAMP_BYTES = 16


class Lock:
    """A lock that is held until it is released, or until the process ends."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let another process have it; does nothing a second time."""
        if self._descriptor is not None:
            # The file goes first: whoever locks it from now on finds that its name is gone.
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None


class Locks:
    """Locks by name, one file each in a folder, which is there only while the lock is held.

    A name is held once, whether by this process or by another one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str, note: str = "") -> Lock | None:
        """Returns the lock of a name, None where it is held already. Raises OSError.

        The note is for `holder`.
        """
        path = self._path(name)
        self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(descriptor, path):
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, f"{os.getpid()} {note}".encode())
                    return Lock(path, descriptor)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            # Its holder let go, and removed the file, after it had been opened here.
            os.close(descriptor)

    def holder(self, name: str) -> tuple[int, str] | None:
        """Returns the process that holds a name, and its note; None where none is known to."""
        with suppress(FileNotFoundError, ValueError):
            process, _, note = self._path(name).read_text("utf-8").partition(" ")
            return int(process), note
        return None

    def _path(self, name: str) -> Path:
        # A name may have any length, and characters that a file's name may not have.
        return self._folder / f"{sha256(name.encode()).hexdigest()[:32]}.lock"


class Turn:
    """A short turn that threads and processes take one after another, by a file that stays.

    Entering it again within the turn is allowed. Not for anything that waits for the network.
    The file bears a stamp, by which a process sees whether others have had changes to make.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = RLock()
        self._depth = 0
        self._descriptor = -1

    @property
    def is_outermost(self) -> bool:
        """Whether the turn was entered once, and not again within itself."""
        return self._depth == 1

    @property
    def stamp(self) -> bytes:
        """What the latest `mark` returned, in whichever process; only within a turn."""
        return os.pread(self._descriptor, STAMP_BYTES, 0)

    def mark(self) -> bytes:
        """Change the stamp, and return it; only within a turn, before what it says has changed."""
        stamp = os.urandom(STAMP_BYTES)
        os.pwrite(self._descriptor, stamp, 0)
        return stamp

    def __enter__(self) -> Self:
        self._threads.acquire()
        try:
            if self._depth == 0:
                self._descriptor = _locked(self._path)
            self._depth += 1
        except BaseException:
            self._threads.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            os.close(self._descriptor)
        self._threads.release()


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Yields whether this block alone holds a file that stays, and is created where needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def remove_abandoned(path: Path) -> None:
    """Remove a file, unless a living process has locked it by `lock_file`."""
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            # A process is at work on it.
            pass
        finally:
            os.close(descriptor)


def lock_file(descriptor: int, path: Path) -> bool:
    """Lock an open file until it is closed; returns whether it is still at its path."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return _is_at(descriptor, path)


def _locked(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (found.st_ino, found.st_dev) == (held.st_ino, held.st_dev)

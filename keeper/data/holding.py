"""Files that processes hold: the kernel lets go of one when its process ends, however it ends."""

import fcntl
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

_REGISTERING = Lock()


class Shared:
    """A folder that several processes use at once, as long as this object is alive.

    A process has one object for each folder; `shared` returns it.
    """

    def __init__(self, path: Path) -> None:
        """`path` is the lock file. Waits while another process is alone with the folder."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._gate = path.with_suffix(".gate")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        weakref.finalize(self, os.close, self._file)
        with _waited(self._gate):
            fcntl.flock(self._file, fcntl.LOCK_SH)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Yields whether no other process uses the folder.

        Then none comes in before the block ends. Where one does, others may come and go meanwhile.
        """
        # Changing a lock's kind drops it for a moment. The gate keeps others from using that.
        with _waited(self._gate):
            alone = _locked(self._file)
            if not alone:
                fcntl.flock(self._file, fcntl.LOCK_SH)
            try:
                yield alone
            finally:
                if alone:
                    fcntl.flock(self._file, fcntl.LOCK_SH)


_SHARED: weakref.WeakValueDictionary[Path, Shared] = weakref.WeakValueDictionary()


def shared(path: Path) -> Shared:
    """Returns this process's use of the folder that the lock file `path` is in."""
    with _REGISTERING:
        found = _SHARED.get(path.absolute())
        if found is None:
            found = _SHARED[path.absolute()] = Shared(path)
        return found


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Yields whether this block alone holds the file at `path`, which is created where needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        yield _locked(file.fileno())


@contextmanager
def _waited(path: Path) -> Iterator[None]:
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

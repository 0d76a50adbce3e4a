"""The reservations of a store: per job the blobs that it needs, and the bytes set aside for it."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from keeper.data.errors import CorruptBlobError, QuotaExceededError, StorageError
from keeper.files import remove_partials, replace_atomically, sync_directory
from keeper.locks import Turn

FOLDER = "reservations"
TURN = "store.turn"
"""Whose turn it is to change the store."""
NAME = re.compile(r"[0-9A-Za-z]{1,64}")


class ReservationKind(StrEnum):
    """What a reservation belongs to.

    Those of jobs and tasks are named by an address. A buyer stores a workload before its job or
    task has one, so the reservation is named by a digest of the workload. A kernel's input that
    several tasks may bring is named by its own digest. A loan is what a command needs of a job for
    as long as it runs.
    """

    JOBS = "jobs"
    TASKS = "tasks"
    JOB_WORKLOADS = "job-workloads"
    TASK_WORKLOADS = "task-workloads"
    KERNEL_INPUTS = "kernel-inputs"
    LOANS = "loans"


ReservationKey = tuple[ReservationKind, str]


@dataclass(slots=True)
class Record:
    """One reservation; all sizes are bytes on disk.

    `reserved` bytes are set aside, of which `present` blobs use `stored`. `until` is the time in
    seconds since 1970 at which the reservation is given up, None where that is not known yet.
    """

    reserved: int = 0
    blobs: set[str] = field(default_factory=set)
    until: float | None = None
    present: dict[str, int] = field(default_factory=dict)
    stored: int = 0

    def found(self, digest: str, size: int) -> None:
        """Count a blob that is on disk."""
        self.stored += size - self.present.get(digest, 0)
        self.present[digest] = size

    def lost(self, digest: str) -> None:
        """Count a blob that is not on disk any more."""
        self.stored -= self.present.pop(digest, 0)


class Records:
    """Records on disk, one file per reservation.

    A blob is listed before it is written, and a reservation is forgotten before its blobs are
    removed. So a crash leaves no blob that looks needed and is not.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / FOLDER

    def load(self) -> dict[ReservationKey, Record]:
        """Returns every reservation, and removes what a crash left half written.

        Raises CorruptBlobError where a record cannot be read.
        """
        remove_partials(self._root)
        return {
            (kind, path.name): _parsed(path)
            for kind in ReservationKind
            for path in (self._root / kind).glob("*")
            if NAME.fullmatch(path.name) is not None
        }

    def save(self, key: ReservationKey, record: Record) -> None:
        """Write a record; it is synced when this returns."""
        document = {
            "blobs": sorted(record.blobs),
            "reserved": record.reserved,
            "until": record.until,
        }
        with replace_atomically(self._path(key)) as file:
            file.write(json.dumps(document, sort_keys=True).encode())

    def remove(self, key: ReservationKey) -> None:
        """Forget a reservation."""
        path = self._path(key)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_directory(path.parent)

    def _path(self, key: ReservationKey) -> Path:
        kind, name = key
        if NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} does not name a reservation")
        return self._root / kind / name


class Ledger:
    """How a store's quota is used: by blobs on disk, and by what reservations have set aside.

    `used` counts the bytes on disk, and those that this process is writing. All sizes are bytes on
    disk. `lock` is held by whoever changes files and the ledger together; processes share the
    store, and what another one has changed is read when the lock is taken.
    """

    def __init__(
        self, root: Path, quota_bytes: int, stored: Callable[[], Iterable[tuple[str, int]]]
    ) -> None:
        """`stored` tells the blobs on disk with their sizes.

        Raises CorruptBlobError where the record of a reservation cannot be read.
        """
        self.quota_bytes = quota_bytes
        self._stored = stored
        self._records = Records(root)
        self._turn = Turn(root / TURN)
        self._known: bytes | None = None
        self._reservations: dict[ReservationKey, Record] = {}
        self._sizes: dict[str, int] = {}
        self._on_disk = 0
        self._writing: Counter[ReservationKey | None] = Counter()
        with self.lock:
            pass

    @property
    def lock(self) -> AbstractContextManager[None]:
        """What keeps other threads and processes from changing the store.

        Entering it raises CorruptBlobError where another process's record cannot be read.
        """
        return self._locked()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._turn as turn:
            if turn.is_outermost and self._known != turn.stamp:
                self._read()
                self._known = turn.stamp
            yield

    def mark(self) -> None:
        """Let other processes read the disk again; before it changes, since this one may crash."""
        with self.lock:
            self._known = self._turn.mark()

    @property
    def used(self) -> int:
        """The bytes on disk, and those that are being written."""
        with self.lock:
            return self._on_disk + self._writing.total()

    @property
    def free(self) -> int:
        """The bytes that are neither used nor set aside."""
        with self.lock:
            return max(0, self.quota_bytes - self._committed())

    def reservations(self) -> list[ReservationKey]:
        """Returns every reservation that exists."""
        with self.lock:
            return sorted(self._reservations)

    def exists(self, key: ReservationKey) -> bool:
        """Returns whether there is a reservation."""
        with self.lock:
            return key in self._reservations

    def until(self, key: ReservationKey) -> float | None:
        """Returns when a reservation is given up, None where that is not known."""
        with self.lock:
            record = self._reservations.get(key)
            return None if record is None else record.until

    def lists(self, key: ReservationKey, digest: str) -> bool:
        """Returns whether a reservation lists a blob."""
        with self.lock:
            record = self._reservations.get(key)
            return record is not None and digest in record.blobs

    def is_listed(self, digest: str) -> bool:
        """Returns whether any reservation lists a blob."""
        with self.lock:
            return any(digest in record.blobs for record in self._reservations.values())

    def reserve(self, key: ReservationKey, size: int) -> None:
        """Set at least `size` bytes aside for a reservation, in all.

        Raises QuotaExceededError and StorageError, and then changes nothing.
        """
        with self.lock, self._changing(key) as record:
            before = self._committed()
            record.reserved = max(record.reserved, size)
            if self._committed() > max(before, self.quota_bytes):
                kind, name = key
                raise QuotaExceededError(
                    f"{kind} {name}: {size} bytes are needed, "
                    f"{max(0, self.quota_bytes - before)} of the store's {self.quota_bytes} are "
                    "free; raise its quota"
                )

    def list(self, key: ReservationKey, digest: str, size: int | None) -> None:
        """List a blob in a reservation; `size` is None where it is not on disk.

        Raises StorageError.
        """
        with self.lock:
            if not self.lists(key, digest):
                with self._changing(key) as record:
                    record.blobs = record.blobs | {digest}
            if size is not None:
                self._reservations[key].found(digest, size)

    def retain(self, key: ReservationKey, until: float | None) -> None:
        """Say when a reservation is given up, None for not yet. Raises StorageError.

        What is set aside but unused is free from then on.
        """
        with self.lock:
            if key in self._reservations:
                with self._changing(key) as record:
                    record.until = until
                    record.reserved = 0 if until is not None else record.reserved

    def unlist(self, key: ReservationKey, digest: str) -> None:
        """Take a blob off the list of a reservation. Raises StorageError."""
        with self.lock:
            if self.lists(key, digest):
                with self._changing(key) as record:
                    record.blobs = record.blobs - {digest}
                record.lost(digest)

    def forget(self, key: ReservationKey) -> set[str]:
        """Forget a reservation; returns the blobs that none lists any more. Raises StorageError."""
        with self.lock:
            if key not in self._reservations:
                return set()
            try:
                self.mark()
                self._records.remove(key)
            except OSError as error:
                raise StorageError(f"this node's disk refuses a removal: {error}") from error
            record = self._reservations.pop(key)
            return {digest for digest in record.blobs if not self.is_listed(digest)}

    def take(self, size: int, key: ReservationKey | None) -> None:
        """Count bytes that are about to be written, for a reservation or for none.

        Raises QuotaExceededError where they are neither set aside nor free.
        """
        with self.lock:
            before = self._committed()
            self._writing[key] += size
            if self._committed() > max(before, self.quota_bytes):
                self._writing[key] -= size
                raise QuotaExceededError(
                    f"{before} of the store's {self.quota_bytes} bytes are used or set aside; "
                    "raise its quota"
                )

    def give_back(self, size: int, key: ReservationKey | None) -> None:
        """Take back what `take` counted."""
        with self.lock:
            self._settle(size, key)

    def wrote(self, digest: str, size: int, key: ReservationKey | None) -> None:
        """Count a blob that is on disk now, for which `take` counted `size`."""
        with self.lock:
            self.mark()
            self._settle(size, key)
            self._on_disk += size - self._sizes.get(digest, 0)
            self._sizes[digest] = size
            if key in self._reservations:
                self._reservations[key].found(digest, size)

    def removed(self, digest: str) -> None:
        """Count a blob that is not on disk any more."""
        with self.lock:
            self._on_disk -= self._sizes.pop(digest, 0)
            for record in self._reservations.values():
                record.lost(digest)

    def _committed(self) -> int:
        return self.used + sum(
            max(0, record.reserved - record.stored - self._writing[key])
            for key, record in self._reservations.items()
        )

    def _settle(self, size: int, key: ReservationKey | None) -> None:
        self._writing[key] -= size
        if not self._writing[key]:
            del self._writing[key]

    def _read(self) -> None:
        self._reservations = self._records.load()
        self._sizes = dict(self._stored())
        self._on_disk = sum(self._sizes.values())
        for record in self._reservations.values():
            for digest in record.blobs & self._sizes.keys():
                record.found(digest, self._sizes[digest])

    @contextmanager
    def _changing(self, key: ReservationKey) -> Iterator[Record]:
        """Yield a reservation's record, and save it unless the block raises.

        Then it is as it was before.
        """
        known = self._reservations.get(key)
        record = known or Record()
        before = record.reserved, record.blobs, record.until
        self._reservations[key] = record
        try:
            yield record
            if known is None or before != (record.reserved, record.blobs, record.until):
                self.mark()
                self._records.save(key, record)
        except BaseException as error:
            record.reserved, record.blobs, record.until = before
            if known is None:
                del self._reservations[key]
            if isinstance(error, OSError):
                raise StorageError(f"this node's disk refuses a record: {error}") from error
            raise


def _parsed(path: Path) -> Record:
    try:
        document = json.loads(path.read_bytes())
        return Record(int(document["reserved"]), set(document["blobs"]), document["until"])
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptBlobError(f"{path} is damaged: {error}") from error

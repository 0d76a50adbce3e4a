"""The reservations of a store: per job the blobs that it needs, and the bytes set aside for it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import RLock

from keeper.data.errors import CorruptBlobError, QuotaExceededError, StorageError
from keeper.files import replace_atomically, sync_directory

FOLDER = "reservations"
NAME = re.compile(r"[0-9A-Za-z]{1,64}")


class ReservationKind(StrEnum):
    """What a reservation belongs to.

    Those of jobs and tasks are named by an address. A buyer stores a workload before its job or
    task has one, so the reservation is named by a digest of the workload.
    """

    JOBS = "jobs"
    TASKS = "tasks"
    JOB_WORKLOADS = "job-workloads"
    TASK_WORKLOADS = "task-workloads"


ReservationKey = tuple[ReservationKind, str]


@dataclass(slots=True)
class Record:
    """One reservation; all sizes are bytes on disk.

    `reserved` bytes are set aside, of which `in_use` are used by `present` blobs and by those that
    are being written. `until` is the time in seconds since 1970 at which the reservation is given
    up, None where that is not known yet.
    """

    reserved: int = 0
    blobs: set[str] = field(default_factory=set)
    until: float | None = None
    present: dict[str, int] = field(default_factory=dict)
    in_use: int = 0

    @property
    def unused(self) -> int:
        """The bytes that are set aside and not in use yet."""
        return max(0, self.reserved - self.in_use)

    def found(self, digest: str, size: int) -> None:
        """Count a blob that is on disk."""
        self.in_use += size - self.present.get(digest, 0)
        self.present[digest] = size

    def lost(self, digest: str) -> None:
        """Count a blob that is not on disk any more."""
        self.in_use -= self.present.pop(digest, 0)


class Records:
    """Records on disk, one file per reservation.

    A blob is listed before it is written, and a reservation is forgotten before its blobs are
    removed. So a crash leaves no blob that looks needed and is not.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / FOLDER

    def load(self, *, alone: bool) -> dict[ReservationKey, Record]:
        """Returns every reservation.

        Where no other process is using them (`alone`), what a crash left half written is removed.
        Raises CorruptBlobError where a record cannot be read.
        """
        found: dict[ReservationKey, Record] = {}
        for kind in ReservationKind:
            for path in (self._root / kind).glob("*"):
                if not path.name.startswith(".partial-"):
                    with suppress(FileNotFoundError):
                        found[kind, path.name] = _parsed(path)
                elif alone:
                    path.unlink()
        return found

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

    `used` counts the bytes on disk. All sizes are bytes on disk. `lock` is held by whoever changes
    files and the ledger together.
    """

    def __init__(self, root: Path, quota_bytes: int, *, alone: bool = True) -> None:
        """`alone` says that no other process uses the store.

        Raises CorruptBlobError where the record of a reservation cannot be read.
        """
        self.lock = RLock()
        self.quota_bytes = quota_bytes
        self.used = 0
        self._records = Records(root)
        self._reservations = self._records.load(alone=alone)

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
        return key in self._reservations

    def until(self, key: ReservationKey) -> float | None:
        """Returns when a reservation is given up, None where that is not known."""
        record = self._reservations.get(key)
        return None if record is None else record.until

    def lists(self, key: ReservationKey, digest: str) -> bool:
        """Returns whether a reservation lists a blob."""
        record = self._reservations.get(key)
        return record is not None and digest in record.blobs

    def is_listed(self, digest: str) -> bool:
        """Returns whether any reservation lists a blob."""
        return any(digest in record.blobs for record in self._reservations.values())

    def listed_on_disk(self) -> set[str]:
        """Returns the blobs that any process's reservation lists by now."""
        records = self._records.load(alone=False)
        return {digest for record in records.values() for digest in record.blobs}

    def found(self, digest: str, size: int) -> None:
        """Count a blob that is on disk at the start."""
        self.used += size
        for record in self._reservations.values():
            if digest in record.blobs:
                record.found(digest, size)

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
            self._count(size, key)
            if self._committed() > max(before, self.quota_bytes):
                self._count(-size, key)
                raise QuotaExceededError(
                    f"{before} of the store's {self.quota_bytes} bytes are used or set aside; "
                    "raise its quota"
                )

    def give_back(self, size: int, key: ReservationKey | None) -> None:
        """Take back what `take` counted."""
        with self.lock:
            self._count(-size, key)

    def wrote(self, digest: str, size: int, replaced: int, key: ReservationKey | None) -> None:
        """Count a blob that is on disk now, in place of an equal one of `replaced` bytes."""
        with self.lock:
            self.used -= replaced
            if key in self._reservations:
                record = self._reservations[key]
                record.in_use -= size
                record.found(digest, size)

    def removed(self, digest: str, size: int) -> None:
        """Count a blob that is not on disk any more."""
        with self.lock:
            self.used -= size
            for record in self._reservations.values():
                record.lost(digest)

    def _committed(self) -> int:
        return self.used + sum(record.unused for record in self._reservations.values())

    def _count(self, size: int, key: ReservationKey | None) -> None:
        self.used += size
        if key in self._reservations:
            self._reservations[key].in_use += size

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

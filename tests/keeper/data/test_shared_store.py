"""One store and several processes, played by several stores on one folder, or real and killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from keeper.data import (
    BlobStore,
    QuotaExceededError,
    ReservationKind,
    StorageError,
    digest_of,
    lent,
)
from keeper.data.sealing import sealed_bytes

QUOTA = 10_000
SIZE = 1_000
FILE = sealed_bytes(SIZE)

KILLED = """
import sys
from pathlib import Path
from keeper.data import BlobStore, lent

store = BlobStore(Path(sys.argv[1]), 10_000)
with lent(store, "job") as loan, store.writer("0" * 64) as writer:
    loan.put(b"lent" * 250)
    writer.write(bytes(200_000)[:5_000])
    print("writing", flush=True)
    sys.stdin.read()
"""


def blob(number: int) -> bytes:
    return bytes([number]) * SIZE


def files(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "blobs").glob("*/*"))


@pytest.fixture
def both(tmp_path: Path) -> tuple[BlobStore, BlobStore]:
    return BlobStore(tmp_path, QUOTA), BlobStore(tmp_path, QUOTA)


def test_a_blob_that_another_process_lists_stays(both: tuple[BlobStore, BlobStore]) -> None:
    first, second = both
    mine = first.reservation(ReservationKind.JOBS, "mine")
    theirs = second.reservation(ReservationKind.JOB_WORKLOADS, "theirs")
    digest = mine.put(blob(1))
    assert theirs.adopt(digest)
    mine.release()
    assert second.get(digest) == blob(1)
    assert first.sweep() == 0
    theirs.release()
    assert files(first.root) == []


def test_processes_count_each_others_bytes(both: tuple[BlobStore, BlobStore]) -> None:
    first, second = both
    second.reservation(ReservationKind.JOBS, "theirs").reserve(QUOTA - 2 * FILE)
    assert first.free_bytes == 2 * FILE
    mine = first.reservation(ReservationKind.JOBS, "mine")
    mine.put(blob(1))
    assert (second.used_bytes, second.free_bytes) == (FILE, FILE)
    with pytest.raises(QuotaExceededError, match=f"{FILE} of the store's {QUOTA} are free"):
        second.reservation(ReservationKind.JOBS, "theirs").reserve(QUOTA)
    mine.release()
    assert (first.used_bytes, second.used_bytes) == (0, 0)


def test_what_is_being_written_is_counted_once(both: tuple[BlobStore, BlobStore]) -> None:
    first, second = both
    mine = first.reservation(ReservationKind.JOBS, "mine")
    mine.reserve(2 * FILE)
    with mine.writer(digest_of(blob(1))) as writer:
        # Another process's change lets this one read the disk again in the middle of a write.
        second.reservation(ReservationKind.JOBS, "theirs").put(blob(2))
        writer.write(blob(1))
    assert (first.used_bytes, second.used_bytes) == (2 * FILE, 2 * FILE)
    assert (first.free_bytes, second.free_bytes) == (QUOTA - 3 * FILE, QUOTA - 3 * FILE)


def test_data_in_use_are_not_lent_twice(both: tuple[BlobStore, BlobStore]) -> None:
    first, second = both
    with lent(first, "job"):
        refused = pytest.raises(StorageError, match="is at work on the data of job; try again")
        with refused, second.in_use("job"):
            pass
        with second.in_use("another"):
            pass
    with lent(second, "job"):
        pass


def test_a_process_that_is_killed_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        store = BlobStore(tmp_path, QUOTA)
        partial = [name for name in files(tmp_path) if name.startswith(".partial-")]
        assert len(partial) == 1
        store.sweep()
        assert partial[0] in files(tmp_path)
        assert digest_of(b"lent" * 250) in files(tmp_path)
        named = f"process {process.pid} is at work on the data of job"
        with pytest.raises(StorageError, match=named), lent(store, "job"):
            pass
        process.kill()
    BlobStore(tmp_path, QUOTA).sweep()
    assert files(tmp_path) == []
    assert store.reservations(ReservationKind.LOANS) == []

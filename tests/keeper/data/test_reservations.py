"""Reservations in a store: what is set aside, what is listed, and what a crash leaves of it."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.data import (
    BlobStore,
    CorruptBlobError,
    DigestMismatchError,
    QuotaExceededError,
    ReservationKind,
    StorageError,
    digest_of,
    lent,
)
from keeper.data.sealing import plain_bytes, sealed_bytes
from tests.keeper.data.killing import kills

QUOTA = 10_000
SIZE = 1_000
FILE = sealed_bytes(SIZE)


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path, QUOTA)


def blob(number: int, size: int = SIZE) -> bytes:
    return bytes([number]) * size


def files(root: Path) -> dict[str, int]:
    found = (root / "blobs").glob("*/*")
    return {path.name: path.stat().st_size for path in found}


@given(st.integers(0, 300_000))
def test_the_size_of_a_file_follows_from_that_of_its_blob(size: int) -> None:
    assert plain_bytes(sealed_bytes(size)) == size


def test_a_file_is_as_large_as_was_reckoned(store: BlobStore) -> None:
    store.put(blob(1))
    assert store.used_bytes == FILE


def test_what_is_set_aside_is_taken_by_nobody_else(store: BlobStore) -> None:
    reservation, other = (
        store.reservation(ReservationKind.JOBS, "first"),
        store.reservation(ReservationKind.JOBS, "second"),
    )
    reservation.reserve(QUOTA - FILE)
    assert (store.used_bytes, store.free_bytes) == (0, FILE)
    other.put(blob(1))
    assert (store.used_bytes, store.free_bytes) == (FILE, 0)
    for put in (other.put, store.put):
        with pytest.raises(QuotaExceededError, match=f"{QUOTA} of the store's {QUOTA} bytes"):
            put(blob(2))
    with pytest.raises(QuotaExceededError, match="jobs third: 1 bytes are needed, 0 of"):
        store.reservation(ReservationKind.JOBS, "third").reserve(1)
    assert [each.name for each in store.reservations(ReservationKind.JOBS)] == ["first", "second"]
    for number in range(3, 3 + (QUOTA - FILE) // FILE):
        reservation.put(blob(number))
    assert store.free_bytes == 0
    assert store.used_bytes == QUOTA // FILE * FILE


def test_a_reservation_grows_as_long_as_there_is_free_space(store: BlobStore) -> None:
    reservation = store.reservation(ReservationKind.JOBS, "first")
    reservation.reserve(FILE)
    reservation.put(blob(1))
    reservation.put(blob(2))
    assert store.free_bytes == QUOTA - 2 * FILE
    reservation.reserve(5 * FILE)
    assert store.free_bytes == QUOTA - 5 * FILE
    # A smaller wish takes nothing back.
    reservation.reserve(FILE)
    assert store.free_bytes == QUOTA - 5 * FILE


def test_a_lower_quota_does_not_take_back_what_was_set_aside(tmp_path: Path) -> None:
    BlobStore(tmp_path, QUOTA).reservation(ReservationKind.JOBS, "first").reserve(3 * FILE)
    store = BlobStore(tmp_path, FILE)
    assert store.free_bytes == 0
    reservation = store.reservation(ReservationKind.JOBS, "first")
    for number in range(3):
        reservation.put(blob(number))
    with pytest.raises(QuotaExceededError):
        reservation.put(blob(3))
    assert store.used_bytes == 3 * FILE


def test_a_refused_reservation_changes_nothing(tmp_path: Path, store: BlobStore) -> None:
    reservation = store.reservation(ReservationKind.JOBS, "first")
    with pytest.raises(QuotaExceededError):
        reservation.reserve(QUOTA + 1)
    assert not reservation.exists
    assert list((tmp_path / "reservations").rglob("*")) == []
    reservation.reserve(FILE)
    with pytest.raises(QuotaExceededError):
        reservation.reserve(QUOTA + 1)
    assert store.free_bytes == BlobStore(tmp_path, QUOTA).free_bytes == QUOTA - FILE


def test_a_disk_that_refuses_the_record_is_this_nodes_fault(
    tmp_path: Path, store: BlobStore
) -> None:
    (tmp_path / "reservations").write_bytes(b"in the way of a folder")
    reservation = store.reservation(ReservationKind.JOBS, "first")
    with pytest.raises(StorageError, match="disk refuses a record"):
        reservation.reserve(FILE)
    with pytest.raises(StorageError, match="disk refuses a record"):
        reservation.put(blob(1))
    assert not reservation.exists
    assert (store.used_bytes, store.free_bytes) == (0, QUOTA)


def test_a_shared_blob_stays_until_the_last_reservation_is_released(store: BlobStore) -> None:
    first, second = (
        store.reservation(ReservationKind.JOBS, "first"),
        store.reservation(ReservationKind.TASKS, "first"),
    )
    shared, own = first.put(blob(1)), first.put(blob(2))
    assert second.put(blob(1)) == shared
    assert store.used_bytes == 2 * FILE
    first.release()
    assert own not in store
    assert store.get(shared) == blob(1)
    assert store.used_bytes == FILE
    second.release()
    assert (store.used_bytes, store.free_bytes) == (0, QUOTA)
    second.release()
    assert store.reservations(ReservationKind.TASKS) == []


def test_a_blob_that_is_there_already_is_listed_and_counted_once(store: BlobStore) -> None:
    digest = store.put(blob(1))
    reservation = store.reservation(ReservationKind.JOBS, "first")
    reservation.reserve(2 * FILE)
    assert store.free_bytes == QUOTA - 3 * FILE
    assert digest not in reservation
    assert reservation.adopt(digest)
    assert digest in reservation
    assert store.free_bytes == QUOTA - 2 * FILE
    assert not reservation.adopt(digest_of(blob(2)))
    assert digest_of(blob(2)) not in reservation
    reservation.remove(digest)
    assert digest not in store
    assert (store.used_bytes, store.free_bytes) == (0, QUOTA - 2 * FILE)


def test_a_failed_write_takes_nothing(store: BlobStore) -> None:
    reservation = store.reservation(ReservationKind.JOBS, "first")
    reservation.reserve(FILE)
    with pytest.raises(DigestMismatchError), reservation.writer(digest_of(blob(1))) as writer:
        writer.write(blob(2))
    assert (store.used_bytes, store.free_bytes) == (0, QUOTA - FILE)
    reservation.put(blob(1))
    assert (store.used_bytes, store.free_bytes) == (FILE, QUOTA - FILE)


def test_what_is_written_to_a_reservation_that_was_released_is_dropped(store: BlobStore) -> None:
    reservation = store.reservation(ReservationKind.JOBS, "first")
    reservation.reserve(FILE)
    with reservation.writer(digest_of(blob(1))) as writer:
        writer.write(blob(1))
        reservation.release()
    assert digest_of(blob(1)) not in store
    assert (store.used_bytes, store.free_bytes) == (0, QUOTA)


def test_a_retained_reservation_is_given_up_at_its_time_across_a_restart(tmp_path: Path) -> None:
    now = [1_000.0]
    store = BlobStore(tmp_path, QUOTA, lambda: now[0])
    reservation = store.reservation(ReservationKind.JOBS, "first")
    reservation.retain(60)
    assert not reservation.exists
    reservation.reserve(5 * FILE)
    reservation.put(blob(1))
    assert (reservation.until is not None, reservation.expired) == (False, False)
    reservation.retain(60)
    # What it does not use is free at once, what it uses stays.
    assert store.free_bytes == QUOTA - FILE
    now[0] = 1_059.0
    again = BlobStore(tmp_path, QUOTA, lambda: now[0]).reservation(ReservationKind.JOBS, "first")
    again.retain(60)
    assert (again.until is not None, again.expired) == (True, False)
    now[0] = 1_060.0
    assert again.expired
    again.keep()
    assert (again.until is not None, again.expired) == (False, False)


def test_a_loan_is_given_back_and_leaves_what_was_there(store: BlobStore) -> None:
    kept = store.reservation(ReservationKind.JOBS, "job")
    kept.put(blob(1))

    def fail() -> None:
        with lent(store, "job") as loan:
            assert loan.adopt(digest_of(blob(1)))
            loan.put(blob(2))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert digest_of(blob(1)) in kept
    assert list(files(store.root)) == [digest_of(blob(1))]
    assert store.reservations(ReservationKind.LOANS) == []


def test_only_what_no_reservation_lists_is_swept(tmp_path: Path, store: BlobStore) -> None:
    listed = store.reservation(ReservationKind.JOBS, "first").put(blob(1))
    store.put(blob(2))
    assert BlobStore(tmp_path, QUOTA).sweep() == FILE
    assert files(tmp_path) == {listed: FILE}


@pytest.mark.parametrize("name", ["", "../escape", "a/b", "x" * 65])
def test_a_reservation_has_a_plain_name(store: BlobStore, name: str) -> None:
    with pytest.raises(ValueError, match="does not name a reservation"):
        store.reservation(ReservationKind.JOBS, name).reserve(1)
    assert store.free_bytes == QUOTA


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"reserved": 1}', "{"])
def test_a_damaged_record_is_reported(tmp_path: Path, store: BlobStore, text: str) -> None:
    store.reservation(ReservationKind.JOBS, "first").reserve(1)
    path = tmp_path / "reservations" / "jobs" / "first"
    assert json.loads(path.read_text()) == {"blobs": [], "reserved": 1, "until": None}
    path.write_text(text)
    with pytest.raises(CorruptBlobError, match="is damaged"):
        BlobStore(tmp_path, QUOTA)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "put", "remove", "retain", "release", "loose", "restart"]),
        st.integers(0, 2),
        st.integers(0, 5),
    ),
    max_size=30,
)


@given(OPERATIONS)
def test_no_sequence_passes_the_quota_or_loses_what_is_listed(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, int, int]]
) -> None:
    root = tmp_path_factory.mktemp("reservations")
    store = BlobStore(root, 6 * FILE)
    listed: dict[str, set[bytes]] = {}
    for what, name, number in operations:
        reservation = store.reservation(ReservationKind.JOBS, f"job{name}")
        try:
            match what:
                case "reserve":
                    reservation.reserve(number * FILE)
                case "put":
                    reservation.put(blob(number))
                    listed.setdefault(reservation.name, set()).add(blob(number))
                case "remove":
                    reservation.remove(digest_of(blob(number)))
                    listed.get(reservation.name, set()).discard(blob(number))
                case "retain":
                    reservation.retain(60)
                case "release":
                    reservation.release()
                    listed.pop(reservation.name, None)
                case "loose":
                    store.put(blob(number))
                case _:
                    free = store.free_bytes
                    store = BlobStore(root, 6 * FILE)
                    assert store.free_bytes == free
                    store.sweep()
        except QuotaExceededError:
            assert store.free_bytes < 6 * FILE
        assert store.used_bytes == sum(files(root).values()) <= 6 * FILE
        assert 0 <= store.free_bytes <= 6 * FILE - store.used_bytes
        for blobs in listed.values():
            for data in blobs:
                assert store.get(digest_of(data)) == data


def test_a_kill_at_any_step_leaves_neither_a_leak_nor_a_loss(tmp_path: Path) -> None:
    """One reservation, from its start to its release, shares a blob with another."""
    other = BlobStore(tmp_path, QUOTA).reservation(ReservationKind.JOBS, "other")
    mine = {other.put(blob(1)), other.put(blob(2))}

    def life() -> None:
        reservation = BlobStore(tmp_path, QUOTA).reservation(ReservationKind.JOBS, "reservation")
        reservation.reserve(4 * FILE)
        for number in (2, 3, 4):
            reservation.put(blob(number))
        reservation.remove(digest_of(blob(4)))
        reservation.retain(60)
        reservation.release()

    killed = 0
    for _ in kills(life):
        killed += 1
        store = BlobStore(tmp_path, QUOTA)
        store.sweep()
        on_disk = files(tmp_path)
        assert store.used_bytes == sum(on_disk.values())
        lists = [
            set(json.loads(path.read_text())["blobs"])
            for path in (tmp_path / "reservations/jobs").iterdir()
        ]
        assert on_disk.keys() <= set().union(*lists)
        assert not list(tmp_path.rglob(".partial-*"))
        # The roles release at their start what they do not need.
        store.reservation(ReservationKind.JOBS, "reservation").release()
        assert files(tmp_path).keys() == mine
        assert (store.used_bytes, store.free_bytes) == (2 * FILE, QUOTA - 2 * FILE)
        assert [store.get(digest) for digest in sorted(mine)] == [
            blob(1 if digest == digest_of(blob(1)) else 2) for digest in sorted(mine)
        ]
    assert killed > 20
    assert os.listdir(tmp_path / "reservations" / "jobs") == ["other"]

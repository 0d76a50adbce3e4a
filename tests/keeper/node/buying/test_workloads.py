from pathlib import Path

import pytest

from keeper.data import BlobStore, QuotaExceededError, ReservationKind, digest_of
from keeper.node.buying.workloads import UNPOSTED_SECONDS, keep_posted, store_workload

KIND = ReservationKind.JOB_WORKLOADS
BLOBS = (b"graph", b"input")


def open_store(root: Path, now: list[float], quota: int = 10_000) -> BlobStore:
    return BlobStore(root, quota, lambda: now[0])


def test_a_workload_stays_while_a_job_needs_it(tmp_path: Path) -> None:
    now = [0.0]
    store = open_store(tmp_path, now)
    store_workload(store.reservation(KIND, "first"), BLOBS)
    keep_posted(store, KIND, {"first"})
    now[0] = 10 * UNPOSTED_SECONDS
    again = open_store(tmp_path, now)
    keep_posted(again, KIND, {"first"})
    assert again.get(digest_of(b"graph")) == b"graph"
    keep_posted(again, KIND, set())
    assert again.used_bytes == 0


def test_a_workload_that_is_not_posted_goes_after_a_day(tmp_path: Path) -> None:
    now = [0.0]
    store = open_store(tmp_path, now)
    store_workload(store.reservation(KIND, "first"), BLOBS)
    now[0] = UNPOSTED_SECONDS - 1
    keep_posted(store, KIND, set())
    assert digest_of(b"input") in store
    now[0] = UNPOSTED_SECONDS
    keep_posted(store, KIND, set())
    assert (store.used_bytes, store.reservations(KIND)) == (0, [])


def test_what_another_process_posts_is_left_to_it(tmp_path: Path) -> None:
    now = [0.0]
    mine, other = open_store(tmp_path, now), open_store(tmp_path, now)
    store_workload(mine.reservation(KIND, "first"), BLOBS)
    keep_posted(mine, KIND, {"first"})
    keep_posted(other, KIND, set())
    assert mine.get(digest_of(b"graph")) == b"graph"
    now[0] = UNPOSTED_SECONDS + 1
    keep_posted(mine, KIND, {"first"})
    keep_posted(other, KIND, set())
    assert mine.get(digest_of(b"graph")) == b"graph"
    keep_posted(mine, KIND, set())
    assert other.used_bytes == 0


def test_the_workloads_of_tasks_are_left_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path, [0.0])
    store_workload(store.reservation(ReservationKind.TASK_WORKLOADS, "first"), BLOBS)
    store.reservation(ReservationKind.TASK_WORKLOADS, "first").keep()
    keep_posted(store, KIND, set())
    assert digest_of(b"input") in store


def test_a_workload_without_room_leaves_nothing_behind(tmp_path: Path) -> None:
    store = open_store(tmp_path, [0.0], quota=100)
    with pytest.raises(QuotaExceededError):
        store_workload(store.reservation(KIND, "first"), BLOBS)
    assert (store.used_bytes, store.reservations(KIND)) == (0, [])

"""What a node drops of ended jobs, when, and what a crash in the middle of it leaves."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from keeper.data import (
    BlobMissingError,
    BlobStore,
    ReservationKind,
    StageIndex,
    StageIndexes,
    digest_of,
)
from keeper.data.sealing import sealed_bytes
from keeper.node.decisions.retention import Keeping
from keeper.node.eviction import Eviction
from tests.keeper.data.killing import kills

FIRST, SECOND, THIRD = (Pubkey(bytes([number] * 32)) for number in (1, 2, 3))
ROOT = digest_of(b"root")
SHARED, OWN, OTHER = b"shared", b"own", b"other"
QUOTA = 10_000
SECONDS = 60.0


@dataclass
class Node:
    """One life of a node on a folder; the clock goes on from life to life."""

    folder: Path
    now: list[float]
    forgotten: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = BlobStore(self.folder, QUOTA, lambda: self.now[0])
        self.store.sweep()
        self.indexes = StageIndexes(self.folder)
        self.eviction = Eviction(self.store, ReservationKind.JOBS, self.indexes, SECONDS)

    def commit(self, job: Pubkey, *outputs: bytes) -> None:
        reservation = self.store.reservation(ReservationKind.JOBS, str(job))
        digests = tuple(map(reservation.put, outputs))
        roots = (ROOT,) * len(digests)
        self.indexes.put(StageIndex(str(job), 0, len(digests), ROOT, digests, roots))

    def tidy(self, **keeping: Keeping) -> dict[str, Keeping]:
        wanted = {FIRST: "first", SECOND: "second", THIRD: "third"}
        due = self.eviction.due(lambda job: keeping.get(wanted[job], Keeping.NEEDED))
        self.eviction.carry_out(due, self.forgotten.append)
        return due

    def holds(self, data: bytes) -> bool:
        return digest_of(data) in self.store


@pytest.fixture
def node(tmp_path: Path) -> Node:
    found = Node(tmp_path, [1_000.0])
    found.commit(FIRST, SHARED, OWN)
    found.commit(SECOND, SHARED, OTHER)
    return found


def test_what_a_kept_job_shares_is_not_dropped(node: Node) -> None:
    node.tidy(first=Keeping.DONE)
    assert [node.holds(data) for data in (SHARED, OWN, OTHER)] == [True, False, True]
    assert node.indexes.jobs() == [str(SECOND)]
    assert node.forgotten == [str(FIRST)]
    with pytest.raises(BlobMissingError):
        node.indexes.get(str(FIRST), ROOT)
    node.tidy(second=Keeping.DONE)
    assert node.indexes.jobs() == []
    assert (node.store.used_bytes, node.store.free_bytes) == (0, QUOTA)


def test_nothing_is_dropped_while_all_are_needed(node: Node) -> None:
    used = node.store.used_bytes
    assert node.tidy() == {}
    assert node.store.used_bytes == used
    assert node.indexes.jobs() == sorted([str(FIRST), str(SECOND)])


def test_what_is_retained_goes_after_its_time_whatever_restarts(node: Node) -> None:
    assert node.tidy(first=Keeping.RETAINED) == {str(FIRST): Keeping.RETAINED}
    assert node.tidy(first=Keeping.RETAINED) == {}
    node.now[0] += SECONDS - 1
    again = Node(node.folder, node.now)
    assert again.tidy(first=Keeping.RETAINED) == {}
    assert again.holds(OWN)
    node.now[0] += 1
    last = Node(node.folder, node.now)
    assert last.tidy(first=Keeping.RETAINED) == {str(FIRST): Keeping.DONE}
    assert [last.holds(data) for data in (SHARED, OWN, OTHER)] == [True, False, True]


def test_a_job_that_is_closed_goes_before_its_time(node: Node) -> None:
    node.tidy(first=Keeping.RETAINED)
    node.tidy(first=Keeping.DONE)
    assert not node.holds(OWN)


def test_an_index_without_a_room_is_dropped_too(node: Node) -> None:
    node.store.reservation(ReservationKind.JOBS, str(FIRST)).release()
    node.tidy(first=Keeping.DONE)
    assert node.indexes.jobs() == [str(SECOND)]


def test_the_rooms_of_tasks_are_left_alone(node: Node) -> None:
    task = node.store.reservation(ReservationKind.TASKS, str(THIRD))
    task.put(b"an output")
    node.tidy(first=Keeping.DONE, second=Keeping.DONE, third=Keeping.DONE)
    assert node.holds(b"an output")


def test_a_kill_at_any_step_of_an_eviction_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    now = [1_000.0]
    Node(tmp_path, now).commit(SECOND, SHARED, OTHER)

    def life() -> None:
        node = Node(tmp_path, now)
        node.commit(FIRST, SHARED, OWN)
        node.tidy(first=Keeping.RETAINED)
        node.tidy(first=Keeping.DONE)

    killed = 0
    for _ in kills(life):
        killed += 1
        again = Node(tmp_path, now)
        again.tidy(first=Keeping.DONE)
        assert again.indexes.jobs() == [str(SECOND)]
        assert [again.holds(data) for data in (SHARED, OWN, OTHER)] == [True, False, True]
        assert again.store.used_bytes == sealed_bytes(len(SHARED)) + sealed_bytes(len(OTHER))
        assert again.store.free_bytes == QUOTA - again.store.used_bytes
    assert killed > 15

"""Locks between processes; several holders in one process stand for several processes."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from keeper.locks import Locks, Turn, held, lock_file, remove_abandoned

HOLDER = """
import sys
from pathlib import Path
from keeper.locks import Locks, Turn

root = Path(sys.argv[1])
lock = Locks(root).take("role", note="the first")
with Turn(root / "turn"):
    print("holding", flush=True)
    sys.stdin.read()
"""


def test_a_name_is_held_once_and_its_file_goes_with_the_lock(tmp_path: Path) -> None:
    locks = Locks(tmp_path / "locks")
    lock = locks.take("provider/a b", note="why")
    assert lock is not None
    assert locks.take("provider/a b") is None
    assert locks.holder("provider/a b") == (os.getpid(), "why")
    lock.release()
    lock.release()
    assert locks.holder("provider/a b") is None
    assert list((tmp_path / "locks").iterdir()) == []


def test_locks_that_come_and_go_are_never_held_twice(tmp_path: Path) -> None:
    """Each taker sees the file of the one before removed at any moment."""
    inside: list[int] = []

    def take_often(number: int) -> int:
        locks, taken = Locks(tmp_path), 0
        while taken < 100:
            lock = locks.take("name")
            if lock is not None:
                with lock:
                    inside.append(number)
                    assert inside == [number]
                    inside.remove(number)
                taken += 1
        return taken

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(take_often, range(4))) == [100] * 4


def test_locks_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    locks = Locks(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        assert locks.take("role") is None
        assert locks.holder("role") == (process.pid, "the first")
        with held(tmp_path / "turn") as mine:
            assert not mine
        process.kill()
    lock = locks.take("role")
    assert lock is not None
    with lock, Turn(tmp_path / "turn"):
        assert locks.holder("role") == (os.getpid(), "")


def test_a_turn_tells_whether_another_has_marked_it(tmp_path: Path) -> None:
    mine, theirs = Turn(tmp_path / "turn"), Turn(tmp_path / "turn")
    with mine:
        assert mine.stamp == b""
        marked = mine.mark()
    with theirs:
        assert theirs.stamp == marked
        with theirs:
            nested = theirs.is_outermost
        assert (nested, theirs.is_outermost) == (False, True)
        changed = theirs.mark()
    with mine:
        assert mine.stamp == changed != marked


def test_turns_come_one_after_another(tmp_path: Path) -> None:
    path, turns = tmp_path / "count", [Turn(tmp_path / "turn") for _ in range(4)]
    path.write_text("0")

    def count(turn: Turn) -> None:
        for _ in range(50):
            with turn:
                path.write_text(str(int(path.read_text()) + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, turns * 2))
    assert path.read_text() == "400"


def test_only_a_file_that_nobody_writes_is_abandoned(tmp_path: Path) -> None:
    path = tmp_path / "partial"
    with path.open("wb") as file:
        assert lock_file(file.fileno(), path)
        remove_abandoned(path)
        assert path.exists()
    remove_abandoned(path)
    assert not path.exists()
    remove_abandoned(path)


def test_a_file_that_was_taken_for_abandoned_is_told(tmp_path: Path) -> None:
    path = tmp_path / "partial"
    with path.open("wb") as file:
        remove_abandoned(path)
        assert not lock_file(file.fileno(), path)

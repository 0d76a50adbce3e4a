"""The ledger of a buyer: limits, crashes, and what counts."""

import json
import os
import signal
import sys
from pathlib import Path
from subprocess import Popen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.node.buying.spending import (
    DAY_SECONDS,
    LEDGER_FILE,
    NO_LIMITS,
    Limits,
    SpendingLedger,
    SpendingLedgerError,
    SpendingLimitError,
)

JOBS = [Pubkey.from_bytes(bytes([number] * 32)) for number in range(1, 9)]


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> SpendingLedger:
    return SpendingLedger(tmp_path, clock)


def test_a_limit_per_job(ledger: SpendingLedger) -> None:
    limits = Limits(per_job=50 * NLOV)
    ledger.count(JOBS[0], 50 * NLOV, limits, "first")
    with pytest.raises(SpendingLimitError) as refused:
        ledger.count(JOBS[1], 50 * NLOV + NLOV // 2, limits, "second")
    assert str(refused.value) == (
        "this would take 50.5 NLOV, above the 50 NLOV that spending-per-job allows; to allow more: "
        "neurolov config set spending-per-job 50.5"
    )
    assert list(ledger.entries()) == [JOBS[0]]


def test_a_limit_per_day(ledger: SpendingLedger, clock: Clock) -> None:
    limits = Limits(per_day=100 * NLOV)
    ledger.count(JOBS[0], 60 * NLOV, limits, "first")
    clock.now += DAY_SECONDS / 2
    with pytest.raises(SpendingLimitError) as refused:
        ledger.count(JOBS[1], 41 * NLOV, limits, "second")
    assert str(refused.value) == (
        "this would take 41 NLOV after 60 NLOV in the last 24 hours, above the 100 NLOV that "
        "spending-per-day allows (less counts from 1970-01-13 13:46:40 UTC on); to allow more: "
        "neurolov config set spending-per-day 101"
    )
    assert ledger.spent_today() == 60 * NLOV
    ledger.count(JOBS[1], 40 * NLOV, limits, "second")
    clock.now += DAY_SECONDS / 2
    assert ledger.spent_today() == 40 * NLOV
    ledger.count(JOBS[2], 60 * NLOV, limits, "third")


def test_what_comes_back_is_credited(ledger: SpendingLedger) -> None:
    limits = Limits(per_day=100 * NLOV)
    ledger.count(JOBS[0], 100 * NLOV, limits, "first")
    ledger.credit(JOBS[0], 95 * NLOV)
    assert ledger.spent_today() == 5 * NLOV
    assert not ledger.entries()[JOBS[0]].open
    ledger.count(JOBS[1], 95 * NLOV, limits, "second")
    ledger.credit(JOBS[1], 200 * NLOV)
    assert ledger.spent_today() == 5 * NLOV
    ledger.credit(JOBS[2], NLOV)
    assert len(ledger.entries()) == 2


def test_an_order_that_is_tried_again_counts_once(ledger: SpendingLedger) -> None:
    limits = Limits(per_day=100 * NLOV)
    ledger.count(JOBS[0], 60 * NLOV, limits, "order")
    ledger.require(60 * NLOV, limits, "order")
    with pytest.raises(SpendingLimitError):
        ledger.require(60 * NLOV, limits)
    ledger.count(JOBS[1], 70 * NLOV, limits, "order")
    assert ledger.spent_today() == 70 * NLOV
    assert list(ledger.entries()) == [JOBS[1]]


def test_an_address_that_was_never_used_is_counted_for_the_next(ledger: SpendingLedger) -> None:
    ledger.count(JOBS[0], 60 * NLOV, NO_LIMITS, "lost")
    ledger.count(JOBS[0], 10 * NLOV, NO_LIMITS, "next")
    assert ledger.spent_today() == 10 * NLOV


def test_an_ended_order_is_counted_beside_its_repetition(ledger: SpendingLedger) -> None:
    ledger.count(JOBS[0], 60 * NLOV, NO_LIMITS, "order")
    ledger.credit(JOBS[0], 10 * NLOV)
    ledger.count(JOBS[1], 60 * NLOV, NO_LIMITS, "order")
    assert ledger.spent_today() == 110 * NLOV


def test_a_ledger_that_cannot_be_read_allows_nothing(
    ledger: SpendingLedger, tmp_path: Path
) -> None:
    for content in (b"{", b"[]", b'{"x": {}}', json.dumps({str(JOBS[0]): {"a": 1}}).encode()):
        (tmp_path / LEDGER_FILE).write_bytes(content)
        with pytest.raises(SpendingLedgerError, match="cannot be read"):
            ledger.count(JOBS[1], 1, NO_LIMITS, "order")
        assert (tmp_path / LEDGER_FILE).read_bytes() == content


def test_old_entries_are_forgotten(ledger: SpendingLedger, clock: Clock) -> None:
    ledger.count(JOBS[0], NLOV, NO_LIMITS, "ended")
    ledger.count(JOBS[1], NLOV, NO_LIMITS, "open")
    ledger.credit(JOBS[0], 0)
    clock.now += 2 * DAY_SECONDS
    ledger.count(JOBS[2], NLOV, NO_LIMITS, "new")
    assert set(ledger.entries()) == {JOBS[1], JOBS[2]}
    clock.now += 30 * DAY_SECONDS
    ledger.credit(JOBS[2], 0)
    assert set(ledger.entries()) == set()


CRASHING = """
import os, signal, sys
from pathlib import Path
from solders.pubkey import Pubkey
from keeper.node.buying.spending import NO_LIMITS, SpendingLedger

ledger = SpendingLedger(Path(sys.argv[1]))
for number in range(1, 200):
    ledger.count(Pubkey.from_bytes(bytes([number] * 32)), 7, NO_LIMITS, str(number))
    print(number, flush=True)
"""


def test_a_kill_at_any_moment_loses_nothing_that_was_counted(tmp_path: Path) -> None:
    for killed_after in (1, 4, 9):
        folder = tmp_path / str(killed_after)
        with Popen([sys.executable, "-c", CRASHING, str(folder)], stdout=-1, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line) == killed_after:
                    os.kill(process.pid, signal.SIGKILL)
                    break
        told = SpendingLedger(folder).entries()
        assert len(told) >= killed_after
        assert all(each.amount == 7 for each in told.values())


def test_processes_that_count_at_once_pass_no_limit(tmp_path: Path) -> None:
    script = CRASHING.replace("NO_LIMITS", "Limits").replace("Limits, str", "Limits(None, 70), str")
    script = script.replace("import Limits(None, 70)", "import Limits")
    script = script.replace("bytes([number] * 32)", "os.urandom(32)").replace(
        "str(number)", "os.urandom(4).hex()"
    )
    processes = [
        Popen([sys.executable, "-c", script, str(tmp_path)], stdout=-1, stderr=-1) for _ in range(3)
    ]
    for process in processes:
        process.communicate()
        assert process.returncode == 1
    assert SpendingLedger(tmp_path).spent_today() == 70


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(1, 60), st.integers(0, 60))))
def test_no_sequence_spends_more_than_the_limit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, int]]
) -> None:
    ledger, limits = SpendingLedger(tmp_path_factory.mktemp("ledger")), Limits(40, 100)
    for job, amount, returned in steps:
        try:
            ledger.count(JOBS[job], amount, limits, str(job))
        except SpendingLimitError:
            assert amount > 40 or ledger.spent_today() + amount > 100
        if returned % 2:
            ledger.credit(JOBS[job], returned)
        assert ledger.spent_today() <= 100

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from solders.signature import Signature

from keeper.journal import (
    Cursor,
    Journal,
    JournalError,
    Operation,
    SignatureTakenError,
    State,
)


def signature(number: int) -> Signature:
    return Signature.from_bytes(bytes([number]) * 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


def signed(journal: Journal, operation: str = "claim", number: int = 1) -> Operation:
    return journal.sign(
        operation,
        wire=bytes([number, 0, 255]),
        signature=signature(number),
        last_valid_block_height=100 + number,
    )


def test_a_signed_operation_outlives_the_process(path: Path) -> None:
    with Journal(path) as journal:
        written = signed(journal)
    with Journal(path) as reopened:
        assert reopened.operation("claim") == written
        assert reopened.unfinished() == [written]
        assert reopened.operation("other") is None
    assert written == Operation(
        id="claim",
        state=State.SIGNED,
        wire=b"\x01\x00\xff",
        signature=signature(1),
        last_valid_block_height=101,
        signings=1,
        sends=0,
        slot=None,
        refusal=None,
    )


@pytest.mark.parametrize(
    ("finish", "state"),
    [
        (lambda journal: journal.landed("claim", 7), State.LANDED),
        (lambda journal: journal.refused("claim", "staking: NotSeated"), State.REFUSED),
    ],
)
def test_a_finished_operation_takes_no_other_bytes(
    path: Path, finish: Callable[[Journal], Operation], state: State
) -> None:
    with Journal(path) as journal:
        signed(journal)
        done = finish(journal)
        assert done.state is state
        attempts: list[Callable[[], Operation]] = [
            lambda: signed(journal, number=2),
            lambda: journal.count_send("claim"),
            lambda: journal.landed("claim", 8),
            lambda: journal.refused("claim", "no"),
            lambda: journal.expired("claim"),
        ]
        for again in attempts:
            with pytest.raises(JournalError, match="operation claim"):
                again()
        assert journal.operation("claim") == done
        assert journal.unfinished() == []


def test_bytes_that_may_still_land_are_not_replaced(path: Path) -> None:
    with Journal(path) as journal:
        first = signed(journal)
        with pytest.raises(JournalError, match="already has a transaction"):
            signed(journal, number=2)
        assert journal.operation("claim") == first


def test_an_expired_operation_is_signed_anew(path: Path) -> None:
    with Journal(path) as journal:
        signed(journal)
        journal.count_send("claim")
        journal.expired("claim")
        second = signed(journal, number=2)
        assert (second.signings, second.sends, second.signature) == (2, 0, signature(2))
        assert journal.count_send("claim").sends == 1


def test_an_unknown_operation_cannot_be_finished(path: Path) -> None:
    with Journal(path) as journal:
        with pytest.raises(JournalError, match="operation claim has no transaction under way"):
            journal.landed("claim", 3)
        assert journal.operation("claim") is None


def test_a_cursor_advances_and_forgets_what_lies_behind(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.cursor("staking") is None
        for number, slot in [(1, 5), (2, 6), (3, 6), (4, 9)]:
            journal.record("staking", signature(number), slot)
        journal.record("verdict", signature(1), 5)
        journal.advance("staking", Cursor(signature(2), 6))
    with Journal(path) as journal:
        assert journal.cursor("staking") == Cursor(signature(2), 6)
        assert [journal.seen("staking", signature(n)) for n in (1, 2, 3, 4)] == [
            False,
            True,
            True,
            True,
        ]
        assert journal.seen("verdict", signature(1))
        assert journal.cursor("verdict") is None


def test_every_commit_reaches_the_disk(path: Path) -> None:
    with Journal(path) as journal:
        (mode,) = journal._connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = journal._connection.execute("PRAGMA synchronous").fetchone()
    assert (mode, synchronous) == ("wal", 2)


def test_two_keepers_share_a_journal(path: Path) -> None:
    with Journal(path) as first, Journal(path) as second:
        written = signed(first)
        assert second.operation("claim") == written
        with pytest.raises(JournalError, match="operation claim already has a transaction"):
            signed(second, number=2)
        second.landed("claim", 5)
        with pytest.raises(JournalError, match="operation claim has no transaction under way"):
            first.expired("claim")


def test_an_operation_is_held_by_one(path: Path) -> None:
    with Journal(path) as first, Journal(path) as second:
        held = first.hold("a/b c")
        assert held is not None
        assert (second.hold("a/b c"), first.hold("a/b c")) == (None, None)
        with held:
            assert second.hold("another") is not None
        assert second.hold("a/b c") is not None


def test_only_what_nobody_holds_is_abandoned(path: Path) -> None:
    with Journal(path) as first, Journal(path) as second:
        driven, left = signed(first, "driven", 1), signed(first, "left", 2)
        held = first.hold("driven")
        assert held is not None
        with held:
            assert second.abandoned() == [left]
        assert second.abandoned() == [driven, left]


def test_the_bytes_of_another_operation_are_not_taken(path: Path) -> None:
    with Journal(path) as first, Journal(path) as second:
        signed(first)
        with pytest.raises(SignatureTakenError, match="operation twin"):
            signed(second, operation="twin")
        assert second.operation("twin") is None


def test_a_landed_operation_is_taken_back(path: Path) -> None:
    with Journal(path) as journal:
        signed(journal)
        with pytest.raises(JournalError, match="operation claim has not landed"):
            journal.take_back("claim")
        journal.landed("claim", 5)
        assert journal.take_back("claim").state is State.EXPIRED
        assert signed(journal, number=2).signings == 2


def test_a_journal_that_another_program_locks_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("keeper.journal.database.BUSY_SECONDS", 0)
    with pytest.raises(JournalError, match="is locked by another program; end it"):
        Journal(path)
    other.close()
    Journal(path).close()


def test_a_journal_in_memory_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    monkeypatch.chdir(path.parent)
    with Journal.in_memory() as journal:
        signed(journal)
        assert [each.id for each in journal.unfinished()] == ["claim"]
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, b"SQLite format 3\x00" * 300])
def test_a_corrupt_journal_is_refused_as_it_is(path: Path, damage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(damage)
    with pytest.raises(JournalError, match="restore"):
        Journal(path)
    assert path.read_bytes() == damage


def test_a_damaged_page_is_noticed(path: Path) -> None:
    with Journal(path) as journal:
        for number in range(200):
            signed(journal, operation=f"op-{number}", number=number % 200)
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 5] = bytes(8192)
    path.write_bytes(bytes(data))
    with pytest.raises(JournalError, match="restore"):
        Journal(path)


def test_another_versions_journal_is_refused(path: Path) -> None:
    Journal(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(JournalError, match="has version 9, this keeper reads 1"):
        Journal(path)


def test_a_full_disk_stops_the_keeper_and_loses_nothing(path: Path) -> None:
    with Journal(path) as journal:
        first = signed(journal)
        (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalError, match="free the disk"):
            journal.sign(
                "big", wire=bytes(100_000), signature=signature(2), last_valid_block_height=1
            )
        assert journal.unfinished() == [first]


class CrashingJournal(RuleBasedStateMachine):
    """Every step, interrupted anywhere by a crash, leaves the journal as the model says."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.model: dict[str, State] = {}
        self.path = self.folder / f"{id(self)}-{len(list(self.folder.iterdir()))}.sqlite"
        self.journal = Journal(self.path)

    @rule(operation=st.sampled_from("abc"))
    def sign(self, operation: str) -> None:
        self.number += 1
        if self.model.get(operation, State.EXPIRED) is State.EXPIRED:
            signed(self.journal, operation, self.number % 256)
            self.model[operation] = State.SIGNED
        else:
            with pytest.raises(JournalError):
                signed(self.journal, operation, self.number % 256)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), state=st.sampled_from([State.LANDED, State.REFUSED, State.EXPIRED]))
    def finish(self, data: st.DataObject, state: State) -> None:
        operation = data.draw(st.sampled_from(sorted(self.model)))
        finish: dict[State, Callable[[], Operation]] = {
            State.LANDED: lambda: self.journal.landed(operation, 1),
            State.REFUSED: lambda: self.journal.refused(operation, "no"),
            State.EXPIRED: lambda: self.journal.expired(operation),
        }
        if self.model[operation] is State.SIGNED:
            finish[state]()
            self.model[operation] = state
        else:
            with pytest.raises(JournalError):
                finish[state]()

    @rule()
    def crash(self) -> None:
        # The process dies: its file handles close, nothing is flushed or tidied.
        wal = self.path.with_name(self.path.name + "-wal")
        frozen = {file: file.read_bytes() for file in (self.path, wal) if file.exists()}
        self.journal.close()
        for file, content in frozen.items():
            file.write_bytes(content)
        self.journal = Journal(self.path)

    @invariant()
    def remembers(self) -> None:
        for operation in "abc":
            found = self.journal.operation(operation)
            assert (found and found.state) == self.model.get(operation)
        under_way = {operation.id for operation in self.journal.unfinished()}
        assert under_way == {key for key, state in self.model.items() if state is State.SIGNED}

    def teardown(self) -> None:
        self.journal.close()


def test_crashes_anywhere(tmp_path: Path) -> None:
    CrashingJournal.folder = tmp_path
    run_state_machine_as_test(
        CrashingJournal, settings=settings(max_examples=25, stateful_step_count=20, deadline=None)
    )

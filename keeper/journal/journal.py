"""The journal's interface: each method is one durable step."""

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

from solders.signature import Signature

from keeper.journal.cursor import Cursor, Cursors
from keeper.journal.database import JournalError, guarded, opened, opened_in_memory
from keeper.journal.outbox import Operation, Outbox, State
from keeper.locks import Lock, Locks


class SignatureTakenError(JournalError):
    """Another process has signed the very same bytes for another operation."""


class Journal:
    """Cursors and outbox in one SQLite file, which processes share.

    Every method has reached the disk when it returns, and raises JournalError where it cannot.
    Calls block for one sync: a thread in between would only blur the order of the steps. Whoever
    drives an operation holds it meanwhile (`hold`), so that processes do not drive one together.
    """

    def __init__(self, path: Path) -> None:
        self._open(path, opened(path))

    @classmethod
    def in_memory(cls) -> Self:
        """Returns a journal that ends with the process: for a feed that begins at the present."""
        journal = cls.__new__(cls)
        journal._open(Path(":memory:"), opened_in_memory())
        return journal

    def _open(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._held = Locks(path.with_name(path.name + ".operations"))
        self._cursors = Cursors(self._connection)
        self._outbox = Outbox(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def hold(self, operation: str) -> Lock | None:
        """Returns the right to drive an operation, None while another process has it.

        It ends with the process, so that an operation of a process that was killed is free again.
        """
        try:
            return self._held.take(operation)
        except OSError as error:
            raise JournalError(f"journal {self.path}: no operation can be held: {error}") from error

    def operation(self, operation: str) -> Operation | None:
        """Returns the operation of this id, None where it was never signed."""
        with guarded(self.path):
            return self._outbox.get(operation)

    def unfinished(self) -> list[Operation]:
        """Returns the operations that were signed and have not ended."""
        with guarded(self.path):
            return list(self._outbox.unfinished())

    def abandoned(self) -> list[Operation]:
        """Returns the unfinished operations that no process drives at present."""
        found = []
        for operation in self.unfinished():
            if (held := self.hold(operation.id)) is not None:
                held.release()
                found.append(operation)
        return found

    def sign(
        self, operation: str, *, wire: bytes, signature: Signature, last_valid_block_height: int
    ) -> Operation:
        """Record signed bytes before they are sent; returns the operation.

        Raises JournalError where the id has bytes that may still land, or is done, and
        SignatureTakenError where another operation has these bytes.
        """
        with guarded(self.path):
            try:
                taken = self._outbox.sign(operation, wire, signature, last_valid_block_height)
            except sqlite3.IntegrityError as error:
                raise SignatureTakenError(f"operation {operation} is another's twin") from error
        if not taken:
            raise JournalError(f"operation {operation} already has a transaction")
        return self._existing(operation)

    def count_send(self, operation: str) -> Operation:
        """Record that the bytes are about to be handed out."""
        with guarded(self.path):
            self._require(self._outbox.count_send(operation), operation)
        return self._existing(operation)

    def landed(self, operation: str, slot: int) -> Operation:
        """Record that the transaction took effect."""
        with guarded(self.path):
            self._require(self._outbox.finish(operation, State.LANDED, slot=slot), operation)
        return self._existing(operation)

    def refused(self, operation: str, refusal: str) -> Operation:
        """Record that a program will never take it."""
        with guarded(self.path):
            done = self._outbox.finish(operation, State.REFUSED, refusal=refusal)
            self._require(done, operation)
        return self._existing(operation)

    def expired(self, operation: str) -> Operation:
        """Record that its bytes can no longer land."""
        with guarded(self.path):
            self._require(self._outbox.finish(operation, State.EXPIRED), operation)
        return self._existing(operation)

    def reopen(self, operation: str) -> Operation:
        """Allow a refused operation to be signed anew; the caller knows why it may succeed now."""
        with guarded(self.path):
            if not self._outbox.reopen(operation):
                raise JournalError(f"operation {operation} has not been refused")
        return self._existing(operation)

    def take_back(self, operation: str) -> Operation:
        """Allow a landed operation to be signed anew: the chain has lost it, and its bytes too."""
        with guarded(self.path):
            if not self._outbox.take_back(operation):
                raise JournalError(f"operation {operation} has not landed")
        return self._existing(operation)

    def has_signature(self, signature: Signature) -> bool:
        """Returns whether an operation's present transaction has this signature."""
        with guarded(self.path):
            return self._outbox.has_signature(signature)

    def cursor(self, stream: str) -> Cursor | None:
        """Returns where to resume reading, None at the beginning."""
        with guarded(self.path):
            return self._cursors.get(stream)

    def advance(self, stream: str, to: Cursor) -> None:
        """Record that everything of the stream up to `to` has been processed."""
        with guarded(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._cursors.advance(stream, to)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def seen(self, stream: str, signature: Signature) -> bool:
        """Returns whether the transaction was processed ahead of the cursor."""
        with guarded(self.path):
            return self._cursors.seen(stream, signature)

    def record(self, stream: str, signature: Signature, slot: int) -> None:
        """Record that the transaction has been processed."""
        with guarded(self.path):
            self._cursors.record(stream, signature, slot)

    def _existing(self, operation: str) -> Operation:
        found = self.operation(operation)
        if found is None:
            raise JournalError(f"operation {operation} is unknown to the journal")
        return found

    @staticmethod
    def _require(changed: bool, operation: str) -> None:
        if not changed:
            raise JournalError(f"operation {operation} has no transaction under way")

"""The journal's interface: each method is one durable step."""

from pathlib import Path
from types import TracebackType
from typing import Self

from solders.signature import Signature

from keeper.journal.cursor import Cursor, Cursors
from keeper.journal.database import JournalError, guarded, opened
from keeper.journal.outbox import Operation, Outbox, State


class Journal:
    """Cursors and outbox in one SQLite file that one process holds open.

    Every method has reached the disk when it returns, and raises JournalError where it cannot.
    Calls block for one sync: a thread in between would only blur the order of the steps.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = opened(path)
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

    def operation(self, operation: str) -> Operation | None:
        """Returns the operation of this id, None where it was never signed."""
        with guarded(self.path):
            return self._outbox.get(operation)

    def unfinished(self) -> list[Operation]:
        """Returns the operations that were signed and have not ended."""
        with guarded(self.path):
            return list(self._outbox.unfinished())

    def sign(
        self, operation: str, *, wire: bytes, signature: Signature, last_valid_block_height: int
    ) -> Operation:
        """Record signed bytes before they are sent; returns the operation.

        Raises JournalError where the id has bytes that may still land, or is done.
        """
        with guarded(self.path):
            if not self._outbox.sign(operation, wire, signature, last_valid_block_height):
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

"""Operations on their way to the chain."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from solders.signature import Signature

OUTBOX_TABLE = """
    CREATE TABLE outbox (
        operation TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('signed', 'landed', 'refused', 'expired')),
        wire BLOB NOT NULL,
        signature BLOB NOT NULL UNIQUE CHECK (length(signature) = 64),
        last_valid_block_height INTEGER NOT NULL,
        signings INTEGER NOT NULL,
        sends INTEGER NOT NULL,
        slot INTEGER,
        refusal TEXT,
        CHECK ((state = 'landed') = (slot IS NOT NULL)),
        CHECK ((state = 'refused') = (refusal IS NOT NULL))
    ) STRICT
"""


class State(StrEnum):
    """Whether an operation may still land.

    signed: it may land at any time. landed: it took effect. refused: a program will not take it.
    expired: it may be signed anew.
    """

    SIGNED = "signed"
    LANDED = "landed"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Operation:
    """One effect on the chain, under an id that the caller derives from what it wants done.

    `wire` are the signed bytes, `sends` counts how often they were handed out, `signings` the
    transactions that were made for the operation. `slot` is where it landed, `refusal` why it never
    will.
    """

    id: str
    state: State
    wire: bytes
    signature: Signature
    last_valid_block_height: int
    signings: int
    sends: int
    slot: int | None
    refusal: str | None


class Outbox:
    """Table of operations."""

    _COLUMNS = (
        "operation, state, wire, signature, last_valid_block_height, signings, sends, slot, refusal"
    )

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, operation: str) -> Operation | None:
        row = self._connection.execute(
            f"SELECT {self._COLUMNS} FROM outbox WHERE operation = ?",  # noqa: S608
            (operation,),
        ).fetchone()
        return None if row is None else _operation(row)

    def unfinished(self) -> Iterator[Operation]:
        rows = self._connection.execute(
            f"SELECT {self._COLUMNS} FROM outbox WHERE state = ? ORDER BY rowid",  # noqa: S608
            (State.SIGNED,),
        ).fetchall()
        return map(_operation, rows)

    def sign(self, operation: str, wire: bytes, signature: Signature, last_valid: int) -> bool:
        """Take the bytes if the operation is new or expired; returns whether it was."""
        return self._changed(
            "INSERT INTO outbox VALUES (?, 'signed', ?, ?, ?, 1, 0, NULL, NULL)"
            " ON CONFLICT (operation) DO UPDATE SET state = 'signed', wire = excluded.wire,"
            " signature = excluded.signature,"
            " last_valid_block_height = excluded.last_valid_block_height,"
            " signings = signings + 1, sends = 0 WHERE state = 'expired'",
            (operation, wire, bytes(signature), last_valid),
        )

    def has_signature(self, signature: Signature) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM outbox WHERE signature = ?", (bytes(signature),)
        ).fetchone()
        return found is not None

    def reopen(self, operation: str) -> bool:
        return self._changed(
            "UPDATE outbox SET state = 'expired', refusal = NULL"
            " WHERE operation = ? AND state = 'refused'",
            (operation,),
        )

    def take_back(self, operation: str) -> bool:
        return self._changed(
            "UPDATE outbox SET state = 'expired', slot = NULL"
            " WHERE operation = ? AND state = 'landed'",
            (operation,),
        )

    def count_send(self, operation: str) -> bool:
        return self._changed(
            "UPDATE outbox SET sends = sends + 1 WHERE operation = ? AND state = 'signed'",
            (operation,),
        )

    def finish(
        self, operation: str, state: State, *, slot: int | None = None, refusal: str | None = None
    ) -> bool:
        return self._changed(
            "UPDATE outbox SET state = ?, slot = ?, refusal = ?"
            " WHERE operation = ? AND state = 'signed'",
            (state, slot, refusal, operation),
        )

    def _changed(self, statement: str, parameters: tuple[object, ...]) -> bool:
        return self._connection.execute(statement, parameters).rowcount == 1


def _operation(row: tuple[Any, ...]) -> Operation:
    return Operation(row[0], State(row[1]), row[2], Signature.from_bytes(row[3]), *row[4:])

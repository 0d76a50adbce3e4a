"""How far a stream of transactions has been processed."""

import sqlite3
from dataclasses import dataclass

from solders.signature import Signature

CURSOR_TABLES = (
    """
    CREATE TABLE cursor (
        stream TEXT PRIMARY KEY,
        signature BLOB NOT NULL CHECK (length(signature) = 64),
        slot INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE seen (
        stream TEXT NOT NULL,
        signature BLOB NOT NULL CHECK (length(signature) = 64),
        slot INTEGER NOT NULL,
        PRIMARY KEY (stream, signature)
    ) STRICT, WITHOUT ROWID
    """,
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The transaction up to which nothing of the stream is missing."""

    signature: Signature
    slot: int


class Cursors:
    """The table of cursors, and of the transactions that were processed ahead of them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, stream: str) -> Cursor | None:
        row = self._connection.execute(
            "SELECT signature, slot FROM cursor WHERE stream = ?", (stream,)
        ).fetchone()
        return None if row is None else Cursor(Signature.from_bytes(row[0]), row[1])

    def advance(self, stream: str, to: Cursor) -> None:
        self._connection.execute(
            "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (stream) DO UPDATE"
            " SET signature = excluded.signature, slot = excluded.slot",
            (stream, bytes(to.signature), to.slot),
        )
        # Transactions of one slot have no order that a cursor could express: keep the whole slot.
        self._connection.execute(
            "DELETE FROM seen WHERE stream = ? AND slot < ?", (stream, to.slot)
        )

    def seen(self, stream: str, signature: Signature) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM seen WHERE stream = ? AND signature = ?", (stream, bytes(signature))
        ).fetchone()
        return found is not None

    def record(self, stream: str, signature: Signature, slot: int) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (stream, bytes(signature), slot)
        )

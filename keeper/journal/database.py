"""The SQLite file: shared by processes, checked before it is trusted, synced at every write."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keeper.errors import KeeperError
from keeper.journal.cursor import CURSOR_TABLES
from keeper.journal.outbox import OUTBOX_TABLE
from keeper.locks import Turn

VERSION = 1
BUSY_SECONDS = 10.0
"""How long a step waits for another process's. Each is one statement and one sync."""
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class JournalError(KeeperError):
    """The journal cannot be read or written; the keeper has to stop sending."""


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into JournalError."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _BUSY:
            raise JournalError(
                f"journal {path} is locked by another program; end it, or name another --folder"
            ) from error
        raise JournalError(
            f"journal {path}: {error}; free the disk or restore the file before restarting"
        ) from error


def opened(path: Path) -> sqlite3.Connection:
    """Returns a connection with write-ahead log and full synchronisation.

    Raises JournalError where the file is another version's or damaged, or where another program
    keeps it locked.
    """
    with guarded(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite's own locks cover a file in this mode, not the change into it.
        with Turn(path.with_name(path.name + ".opening")):
            return _prepared(
                sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None), path
            )


def opened_in_memory() -> sqlite3.Connection:
    """Returns a connection to a new file that is never on disk."""
    path = Path(":memory:")
    with guarded(path):
        return _prepared(sqlite3.connect(path, isolation_level=None), path)


def _prepared(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        _check(connection, path)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (health,) = connection.execute("PRAGMA quick_check").fetchone()
    if health != "ok":
        raise JournalError(f"journal {path} is damaged ({health}); restore it from a copy")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if version == 0 and tables == 0:
        for statement in (*CURSOR_TABLES, OUTBOX_TABLE):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    elif version != VERSION:
        raise JournalError(f"journal {path} has version {version}, this keeper reads {VERSION}")

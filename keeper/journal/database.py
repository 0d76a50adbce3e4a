"""The SQLite file: opened by one process, checked before it is trusted, synced at every write."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keeper.errors import KeeperError
from keeper.journal.cursor import CURSOR_TABLES
from keeper.journal.outbox import OUTBOX_TABLE

VERSION = 1
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
                f"journal {path} is open in another keeper; stop it or name another journal"
            ) from error
        raise JournalError(
            f"journal {path}: {error}; free the disk or restore the file before restarting"
        ) from error


def opened(path: Path) -> sqlite3.Connection:
    """Returns a connection with exclusive lock, write-ahead log and full synchronisation.

    Raises JournalError where the file is another version's, damaged, or open elsewhere.
    """
    with guarded(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            # Exclusive for the process's whole life: two keepers on one journal would each
            # believe that they alone send.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN EXCLUSIVE")
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

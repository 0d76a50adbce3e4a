"""What the keeper must not forget: where it has read to and what it has sent."""

from keeper.node.journal.cursor import Cursor
from keeper.node.journal.database import JournalError
from keeper.node.journal.journal import Journal
from keeper.node.journal.outbox import Operation, State

__all__ = ["Cursor", "Journal", "JournalError", "Operation", "State"]

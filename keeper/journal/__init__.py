"""What the keeper must not forget: how far it has read, and what it has sent."""

from keeper.journal.cursor import Cursor
from keeper.journal.database import JournalError
from keeper.journal.journal import Journal, SignatureTakenError
from keeper.journal.outbox import Operation, State

__all__ = ["Cursor", "Journal", "JournalError", "Operation", "SignatureTakenError", "State"]

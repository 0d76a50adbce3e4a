"""Delivers a bank's events to sessions, each at the commitment that was asked for."""

import itertools
from collections import deque
from collections.abc import Callable

from ..events import AccountsChanged, Event, SlotOpened, TransactionLanded
from ..rpc.node import Commitment, Node
from .session import Session
from .topics import News, Topic, TransactionReceived


class Hub:
    """All sessions of one node; subscription ids are unique among them."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._ids = itertools.count(1)
        self._sessions: set[Session] = set()
        self._pending: dict[Commitment, deque[AccountsChanged | TransactionLanded]] = {
            "confirmed": deque(),
            "finalized": deque(),
        }
        self._stop_listening = node.bank.listen(self._on_event)

    def close(self) -> None:
        """Stop listening to the bank."""
        self._stop_listening()

    def open_session(self, send: Callable[[str], None]) -> Session:
        """Returns a session whose messages go to `send`, which must not block."""
        session = Session(self.node, send, self._ids)
        self._sessions.add(session)
        return session

    def close_session(self, session: Session) -> None:
        """Drop the session and its subscriptions."""
        self._sessions.discard(session)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, TransactionLanded):
            received = TransactionReceived(event.record.signature, event.record.slot)
            self._deliver(received, lambda _: True)
        late = [one for one in self._pending if self.node.lag_of(one) > 0]
        self._deliver(event, lambda topic: topic.commitment not in late)
        for commitment in late:
            if isinstance(event, SlotOpened):
                self._release(commitment)
            else:
                self._pending[commitment].append(event)

    def _release(self, commitment: Commitment) -> None:
        """Deliver what has reached `commitment` now."""
        pending, newest = self._pending[commitment], self.node.slot_at(commitment)
        while pending and _slot_of(pending[0]) <= newest:
            self._deliver(pending.popleft(), lambda topic: topic.commitment == commitment)

    def _deliver(self, event: News, due: Callable[[Topic], bool]) -> None:
        for session in tuple(self._sessions):
            session.deliver(event, due)


def _slot_of(event: AccountsChanged | TransactionLanded) -> int:
    return event.slot if isinstance(event, AccountsChanged) else event.record.slot

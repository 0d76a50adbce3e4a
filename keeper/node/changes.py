"""Decides from the sequence numbers of events which parts of a view are out of date."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

Counter = tuple[str, Pubkey]
"""An account that numbers its events: its program, and the job or task that it belongs to."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What one event says has changed.

    `subject` is the job or task, None where only accounts changed that all of them share.
    `counter` is the account whose sequence number the event carries, None where the view does not
    hold that account.
    """

    subject: Pubkey | None
    counter: Counter | None
    sequence: int


def sequence_of(event: Any) -> int:
    """Returns the sequence number in an event's envelope; every program's events have one."""
    return int(event.envelope.sequence)


class Changes:
    """Decides from events and reads what has to be read next.

    Events tell what to read, never what an account holds: a duplicate or late event costs one read
    at most. An event whose number is not the next one of its account proves that another was
    missed. Nobody can know what else was missed with it, so everything is read again.
    """

    def __init__(self) -> None:
        self._sweep_due = True
        self._update_due = False
        self._subjects: set[Pubkey] = set()
        self._held: dict[Counter, int] = {}
        self._told: dict[Counter, int] = {}
        self._told_since: dict[Counter, int] = {}

    @property
    def sweep_due(self) -> bool:
        """Whether everything has to be read."""
        return self._sweep_due

    @property
    def update_due(self) -> bool:
        """Whether the subjects that events named, and the shared accounts, have to be read."""
        return self._update_due

    def missed(self) -> None:
        """Note that events were lost."""
        self._sweep_due = True

    def touch(self, subject: Pubkey | None) -> None:
        """Have the shared accounts read again, and a subject with them."""
        self._update_due = True
        if subject is not None:
            self._subjects.add(subject)

    def observe(self, notice: Notice) -> None:
        """Note what an event says has changed."""
        counter, sequence = notice.counter, notice.sequence
        if counter is None:
            self.touch(notice.subject)
            return
        if sequence > self._told.get(counter, 0) + 1:
            self._sweep_due = True
        for told in (self._told, self._told_since):
            told[counter] = max(sequence, told.get(counter, 0))
        if sequence > self._held.get(counter, 0):
            self.touch(notice.subject)

    def begin(self) -> frozenset[Pubkey]:
        """Returns the subjects to read. Events from here on ask for another read."""
        subjects = frozenset(self._subjects)
        self._subjects.clear()
        self._told_since.clear()
        self._update_due = False
        return subjects

    def begin_sweep(self) -> None:
        """Note that everything is about to be read. Events from here on ask for another read."""
        self.begin()
        self._sweep_due = False

    def swept(self, held: Mapping[Counter, int]) -> None:
        """Note that everything was read; `held` are the sequence numbers that the accounts had."""
        self._held = dict(held)
        self._told = dict(held)
        for counter, sequence in self._told_since.items():
            self._told[counter] = max(sequence, self._told.get(counter, 0))

    def updated(self, subjects: Iterable[Pubkey], held: Mapping[Counter, int]) -> None:
        """Note that subjects were read; `held` are the sequence numbers of their accounts.

        An account that was there before and is gone was closed. Where an account is behind an event
        that was told before the read, the node that answered lags, and everything is read again.
        """
        read = frozenset(subjects)
        before = {counter for counter in self._held if counter[1] in read}
        for counter in before - held.keys():
            del self._held[counter]
            self._told.pop(counter, None)
        self._held |= held
        for counter, sequence in self._told.items():
            behind = sequence > self._held.get(counter, 0)
            if counter[1] in read and behind and counter not in self._told_since:
                self._sweep_due = True
        for counter, sequence in held.items():
            self._told[counter] = max(sequence, self._told.get(counter, 0))

    def failed(self, subjects: Iterable[Pubkey]) -> None:
        """Note that a read failed: its subjects stay due."""
        self._subjects |= set(subjects)
        self._update_due = True

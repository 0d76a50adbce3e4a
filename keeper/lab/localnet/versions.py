"""What accounts were at the end of the latest closed slots."""

from collections import deque
from collections.abc import Iterable

from solders.account import Account
from solders.pubkey import Pubkey


class Versions:
    """Remembers, for the `depth` newest blocks, what each account was before its first write.

    The state at the end of a slot is today's state without what later slots wrote, so that memory
    is bounded by the accounts that `depth` blocks write. With depth 0 nothing is remembered.
    """

    def __init__(self, depth: int) -> None:
        self._before: deque[tuple[int, dict[Pubkey, Account | None]]] = deque(maxlen=depth)

    @property
    def remembers(self) -> bool:
        """Returns whether any block is remembered at all."""
        return self._before.maxlen != 0

    def copy(self) -> "Versions":
        """Returns a copy that changes independently."""
        twin = Versions(self._before.maxlen or 0)
        twin._before.extend((slot, before.copy()) for slot, before in self._before)
        return twin

    def open(self, slot: int) -> None:
        """Begin a slot; the oldest is forgotten."""
        self._before.append((slot, {}))

    def note(self, pubkey: Pubkey, account: Account | None) -> None:
        """Remember what the account is before a write in the open slot."""
        if self._before:
            self._before[-1][1].setdefault(pubkey, account)

    def at(self, slot: int, pubkey: Pubkey, now: Account | None) -> Account | None:
        """Returns the account as it was at the end of `slot`; `now` is what it is."""
        for later, before in self._before:
            if later > slot and pubkey in before:
                return before[pubkey]
        return now

    def written_since(self, slot: int) -> Iterable[Pubkey]:
        """Returns the accounts that slots after `slot` wrote, each once."""
        return dict.fromkeys(
            key for later, before in self._before if later > slot for key in before
        )

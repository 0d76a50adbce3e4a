"""Decides which tenant runs next, so that device time is shared in proportion to weights.

Start-time fair queueing (Goyal, Vin, Cheng 1996). A turn is charged after it has ended, because
a kernel's time is not known beforehand.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Account:
    """A tenant's weight, the seconds it was served, and its virtual start time."""

    weight: float
    served: float = 0.0
    start: float = 0.0


@dataclass(slots=True)
class FairQueue:
    """A fair queue that is deterministic and has no clock of its own.

    While two tenants both want the device, their served seconds, each divided by its weight, differ
    by at most the sum of one turn of each, divided likewise. An idle tenant accumulates no credit.
    """

    _accounts: dict[str, Account] = field(default_factory=dict)
    _virtual: float = 0.0

    @property
    def virtual_time(self) -> float:
        """The virtual start time of the latest turn that was granted; it never falls."""
        return self._virtual

    def join(self, name: str, weight: float) -> None:
        """Add a tenant. Raises ValueError on a known name or a weight that is not above zero."""
        if name in self._accounts:
            raise ValueError(f"{name} has joined already")
        if not weight > 0:
            raise ValueError(f"{name}: weight {weight} is not above 0")
        self._accounts[name] = Account(weight, start=self._virtual)

    def leave(self, name: str) -> None:
        """Remove a tenant. Raises KeyError when there is none of this name."""
        del self._accounts[name]

    def wants(self, name: str) -> None:
        """Note that a tenant that was idle wants the device."""
        account = self._accounts[name]
        account.start = max(account.start, self._virtual)

    def next(self, waiting: Iterable[str]) -> str | None:
        """Returns the waiting tenant whose turn it is; the name decides between equals."""
        names = sorted(waiting, key=lambda name: (self._accounts[name].start, name))
        if not names:
            return None
        self._virtual = max(self._virtual, self._accounts[names[0]].start)
        return names[0]

    def charge(self, name: str, seconds: float) -> None:
        """Charge a tenant for a turn that has ended."""
        account = self._accounts[name]
        account.served += seconds
        account.start += seconds / account.weight

    def account(self, name: str) -> Account:
        """Returns a tenant's account. Raises KeyError when there is none."""
        return self._accounts[name]

"""Who is served next, so that everybody gets device time in proportion to its weight.

Start-time fair queueing (Goyal, Vin, Cheng 1996), with what a turn cost charged when it has ended:
nobody can tell a kernel's time beforehand.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Account:
    """A tenant's weight, the seconds it was served, and its place in virtual time."""

    weight: float
    served: float = 0.0
    start: float = 0.0


@dataclass(slots=True)
class FairQueue:
    """Deterministic, without a clock of its own.

    While two tenants both want the device, their served seconds, each divided by its weight, differ
    by at most the sum of one turn of each, divided likewise. Who was idle saves nothing up.
    """

    _accounts: dict[str, Account] = field(default_factory=dict)
    _virtual: float = 0.0

    @property
    def virtual_time(self) -> float:
        """Where the tenant that was granted the device last stood; it never falls."""
        return self._virtual

    def join(self, name: str, weight: float) -> None:
        """Add a tenant; ValueError when it is there or its weight is not above zero."""
        if name in self._accounts:
            raise ValueError(f"{name} has joined already")
        if not weight > 0:
            raise ValueError(f"{name}: weight {weight} is not above 0")
        self._accounts[name] = Account(weight, start=self._virtual)

    def leave(self, name: str) -> None:
        """Remove a tenant; KeyError when there is none."""
        del self._accounts[name]

    def wants(self, name: str) -> None:
        """A tenant that was idle wants the device."""
        account = self._accounts[name]
        account.start = max(account.start, self._virtual)

    def next(self, waiting: Iterable[str]) -> str | None:
        """The one of those waiting whose turn it is; the name decides between equals."""
        names = sorted(waiting, key=lambda name: (self._accounts[name].start, name))
        if not names:
            return None
        self._virtual = max(self._virtual, self._accounts[names[0]].start)
        return names[0]

    def charge(self, name: str, seconds: float) -> None:
        """Book a turn that has ended."""
        account = self._accounts[name]
        account.served += seconds
        account.start += seconds / account.weight

    def account(self, name: str) -> Account:
        """A tenant's account; KeyError when there is none."""
        return self._accounts[name]

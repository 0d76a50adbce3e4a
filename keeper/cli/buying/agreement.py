"""What a buyer is shown and asked before work is paid for."""

from collections.abc import Callable, Iterable
from typing import Protocol

from keeper.amounts import nlov
from keeper.cli.buying.confirmation import require_confirmation
from keeper.errors import BadInputError


class UnclaimableError(BadInputError):
    """Nobody could take the work as it is offered."""


class Shown(Protocol):
    """A quote that is shown."""

    @property
    def lines(self) -> Iterable[str]:
        """The quote as text."""
        ...

    @property
    def verdict(self) -> str | None:
        """Why nobody could take the work, None where somebody could."""
        ...


class Asking:
    """Shows a quote, and asks whether to pay it; see `keeper.node.buying.submissions.Agreement`."""

    def __init__(self, work: str, tell: Callable[[str], None], *, yes: bool, anyway: bool) -> None:
        """`work` names its kind.

        `anyway` accepts that nobody could take it, `yes` that the buyer is not asked.
        """
        self._work = work
        self._tell = tell
        self._yes = yes
        self._anyway = anyway
        self._verdict: str | None = None
        self._total = 0

    def show(self, quoted: Shown, total: int) -> None:
        """Tell a quote that takes so many base units."""
        self._verdict, self._total = quoted.verdict, total
        for line in quoted.lines:
            self._tell(line)

    async def confirm(self) -> None:
        """Ask whether to pay; raises UnclaimableError, UnconfirmedError and DeclinedError."""
        if self._verdict is not None:
            if not self._anyway:
                raise UnclaimableError(f"{self._verdict}; pass --anyway to post it all the same")
            self._tell(self._verdict)
        question = f"Pay {nlov(self._total)} NLOV at most for this {self._work}?"
        await require_confirmation(question, yes=self._yes)

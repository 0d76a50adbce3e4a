"""What a cheating provider, the verifiers that collude with it, and its other keys may do."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Data(Enum):
    """Whether verifiers that do not collude can fetch the trace. The buyer always can."""

    SERVED = "served"
    WITHHELD = "withheld"


class Choice(Enum):
    """A ballot; a seat that casts none is silent."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNAVAILABLE = "unavailable"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Attack:
    """A share of the work skipped, how data is treated, and how colluders vote."""

    data: Data
    colluders: Choice
    skipped: float

    @property
    def name(self) -> str:
        """Returns a name such as 'withheld, colluders accept, 100 % skipped'."""
        share = f"{100 * self.skipped:g} % skipped"
        return f"{self.data.value}, colluders {self.colluders.value}, {share}"


# Profit is convex in the share skipped wherever it is answered for, so the ends bear the extremes;
# two shares between them show it.
_SKIPPED: Final = {Data.SERVED: (1.0,), Data.WITHHELD: (0.1, 0.4, 1.0)}

ATTACKS: Final = tuple(
    Attack(data, choice, skipped)
    for data, shares in _SKIPPED.items()
    for choice in Choice
    for skipped in shares
)
"""Every combination, of which a cheat takes the best."""

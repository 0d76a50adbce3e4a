"""Which of the steps that a party owes comes first.

The earliest deadline comes first, and of two steps with the same deadline the one that would cost
more. When there is not time for all, the cheapest gives way: it is left for later, or missed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from keeper.node.decisions.actions import Action

STEP_SLOTS: Final = 4
"""Slots from the start of a step until it has landed, as far as planning is concerned."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A step that must land in slot `deadline` at the latest; `loss` is what missing it costs.

    The loss is in base units: the exposure, bond or fee that is taken, or the reward forgone.
    """

    action: Action
    deadline: int
    loss: int


def most_urgent(owed: Iterable[Owed], slot: int) -> Action | None:
    """Returns the step to take in `slot`; None where no deadline is still ahead.

    Steps are taken one after the other, STEP_SLOTS apart. The step returned begins a sequence that
    avoids as much loss as any sequence can: steps are added by deadline, and whenever one would
    land too late, the one with the least loss is taken out.
    """
    ahead = (each for each in owed if each.deadline >= slot)
    ordered = sorted(ahead, key=lambda each: (each.deadline, -each.loss))
    in_time: list[tuple[int, int]] = []
    for place, each in enumerate(ordered):
        heappush(in_time, (each.loss, -place))
        if slot + (len(in_time) - 1) * STEP_SLOTS > each.deadline:
            heappop(in_time)
    if not in_time:
        return None
    return ordered[min(-place for _, place in in_time)].action

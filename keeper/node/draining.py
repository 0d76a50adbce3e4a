"""Draining: the roles of a process take nothing more, and end once they hold nothing."""

import asyncio
from collections.abc import Iterable

from keeper.amounts import nlov
from keeper.node.decisions.held import Held
from keeper.node.timeline import Timeline


class Drain:
    """Whether the roles that share it drain."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    @property
    def begun(self) -> bool:
        """Whether nothing more is taken."""
        return self._begun.is_set()

    def begin(self) -> None:
        """Take nothing more; whoever waits for news has to be woken beside this."""
        self._begun.set()

    async def wait(self) -> None:
        """Wait until the drain has begun."""
        await self._begun.wait()


def left_of(held: Iterable[Held], timeline: Timeline) -> list[str]:
    """Returns in a line each what is left to do before a drain ends."""
    return [
        f"{each.subject}: {each.left}"
        + ("" if each.until is None else f", until {timeline.told(each.until)} at the latest")
        for each in held
    ]


def costs_of(held: Iterable[Held], timeline: Timeline) -> list[str]:
    """Returns in a line each what leaving now can cost, unless the role is back in time."""
    return [
        f"{each.subject}: {nlov(each.loss)} NLOV, {each.cost}"
        + ("" if each.until is None else f"; be back before {timeline.told(each.until)}")
        for each in held
        if each.loss
    ]

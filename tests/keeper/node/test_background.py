import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest

from keeper.node.background import Background
from keeper.node.decisions.actions import Action


@dataclass(frozen=True, slots=True)
class Work(Action):
    kind: ClassVar[str] = "work"
    in_background: ClassVar[bool] = True
    number: int


class BrokenError(Exception):
    pass


def run(story: Callable[[Background, list[str]], Awaitable[None]]) -> None:
    async def told() -> None:
        woken: list[str] = []
        await story(Background(lambda: woken.append("woken")), woken)

    asyncio.run(told())


def test_work_goes_on_until_it_ends_and_then_wakes_the_loop() -> None:
    async def story(background: Background, woken: list[str]) -> None:
        ends = asyncio.Event()

        async def work() -> bool:
            await ends.wait()
            # Whoever is woken must not find the action under way any more.
            return True

        background.start(Work(1), work())
        assert background.actions == {Work(1)}
        await asyncio.sleep(0)
        assert woken == []
        ends.set()
        await background.settle()
        assert background.actions == frozenset()
        assert woken == ["woken"]

    run(story)


def test_work_that_changes_nothing_wakes_nobody() -> None:
    async def story(background: Background, woken: list[str]) -> None:
        async def work() -> bool:
            return False

        background.start(Work(1), work())
        await background.settle()
        assert woken == []

    run(story)


def test_a_failure_is_raised_once_in_the_loop() -> None:
    async def story(background: Background, woken: list[str]) -> None:
        async def work() -> bool:
            raise BrokenError

        background.start(Work(1), work())
        with pytest.raises(BrokenError):
            await background.settle()
        assert woken == ["woken"]
        background.check()

    run(story)


def test_what_is_under_way_is_cancelled_at_the_end() -> None:
    async def story(background: Background, woken: list[str]) -> None:
        seen: list[int] = []

        async def work(number: int) -> bool:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                seen.append(number)
                raise
            return True

        background.start(Work(1), work(1))
        background.start(Work(2), work(2))
        await asyncio.sleep(0)
        await background.close()
        assert sorted(seen) == [1, 2]
        assert background.actions == frozenset()
        assert woken == []
        background.check()

    run(story)

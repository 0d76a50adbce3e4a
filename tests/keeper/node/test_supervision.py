"""Loops that run beside a block."""

import asyncio

import pytest

from keeper.node.errors import RoleError
from keeper.node.supervision import background


def test_loops_end_with_the_block() -> None:
    ended: list[str] = []

    async def loop(name: str, started: asyncio.Event) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def run() -> None:
        started = [asyncio.Event(), asyncio.Event()]
        async with background(loop("first", started[0]), loop("second", started[1])):
            await asyncio.gather(*(each.wait() for each in started))
            assert not ended
        assert ended == ["first", "second"]

    asyncio.run(run())


def test_a_loop_that_fails_ends_the_block() -> None:
    async def failing() -> None:
        raise RoleError("the chain is gone")

    async def run() -> None:
        async with background(failing()):
            await asyncio.Event().wait()

    with pytest.raises(RoleError) as raised:
        asyncio.run(run())
    assert str(raised.value) == "the chain is gone"

"""One feed for all mirrors of a process."""

import asyncio
from collections.abc import Sequence
from typing import Any

from keeper.chain.feed import Feed, Timing
from keeper.chain.gateway import Gateway
from keeper.journal import Journal
from keeper.node.mirror import Mirror


async def follow(
    gateway: Gateway,
    mirrors: Sequence[Mirror[Any]],
    timing: Timing | None = None,
) -> None:
    """Keep mirrors up to date by the events of every program until cancelled.

    A mirror reads everything at its start, so that a crash loses none. How far the feed has read
    is therefore kept in memory: processes that share a folder would take each other's events.
    Raises ChainError where the node refuses for good.
    """
    with Journal.in_memory() as journal:
        await _follow(gateway, journal, mirrors, timing)


async def _follow(
    gateway: Gateway, journal: Journal, mirrors: Sequence[Mirror[Any]], timing: Timing | None
) -> None:
    async with Feed(gateway, journal, timing=timing) as feed, asyncio.TaskGroup() as group:
        try:
            for mirror in mirrors:
                mirror.follow_events()
                group.create_task(mirror.run())
            async for item in feed:
                for mirror in mirrors:
                    mirror.observe(item)
        finally:
            for mirror in mirrors:
                mirror.ignore_events()

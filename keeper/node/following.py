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
    journal: Journal,
    mirrors: Sequence[Mirror[Any]],
    timing: Timing | None = None,
) -> None:
    """Keep mirrors up to date by the events of every program until cancelled.

    A mirror has noted an event before the journal passes it, and reads everything at its start, so
    that a crash loses none. Raises ChainError where the node refuses for good, and JournalError.
    """
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

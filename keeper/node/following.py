"""One feed for all mirrors of a process."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

from keeper.chain.errors import ChainError, WrongClusterError
from keeper.chain.feed import Feed, Timing
from keeper.chain.gateway import Gateway
from keeper.journal import Journal
from keeper.node.mirror import Mirror

LOG = logging.getLogger(__name__)

REOPEN_SECONDS: Final = 5.0


async def follow(
    gateway: Gateway,
    mirrors: Sequence[Mirror[Any]],
    timing: Timing | None = None,
) -> None:
    """Keep mirrors up to date by the events of every program until cancelled.

    A mirror reads everything at its start, so that a crash loses no event. How far the feed has
    read is therefore kept in memory: processes that share a folder would take each other's events.
    While a node refuses to give events, every poll reads everything. Raises WrongClusterError.
    """
    timing, opened = timing or Timing(), asyncio.Event()
    with Journal.in_memory() as journal:
        await _follow(gateway, journal, mirrors, timing, opened)


async def _follow(
    gateway: Gateway,
    journal: Journal,
    mirrors: Sequence[Mirror[Any]],
    timing: Timing,
    opened: asyncio.Event,
) -> None:
    async with asyncio.TaskGroup() as group:
        for mirror in mirrors:
            group.create_task(_run(mirror, opened))
        while True:
            try:
                await _observed(gateway, journal, mirrors, timing, opened)
            except WrongClusterError:
                raise
            except ChainError as error:
                LOG.warning("the events of the cluster cannot be followed for now: %s", error)
                opened.set()
            await timing.sleep(REOPEN_SECONDS)


async def _run(mirror: Mirror[Any], opened: asyncio.Event) -> None:
    """Run a mirror once a feed is open, so that its first read is on the feed."""
    await opened.wait()
    await mirror.run()


async def _observed(
    gateway: Gateway,
    journal: Journal,
    mirrors: Sequence[Mirror[Any]],
    timing: Timing,
    opened: asyncio.Event,
) -> None:
    async with Feed(gateway, journal, timing=timing) as feed:
        try:
            for mirror in mirrors:
                mirror.follow_events()
            opened.set()
            async for item in feed:
                for mirror in mirrors:
                    mirror.observe(item)
        finally:
            for mirror in mirrors:
                mirror.ignore_events()

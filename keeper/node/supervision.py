"""Runs the roles of one process together: a failure of one ends them all."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from keeper.node.following import follow
from keeper.node.loop import Loop
from keeper.node.services import Services


@asynccontextmanager
async def background(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run loops beside the block and end them with it; one that fails ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop) for loop in loops]
        yield
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def running(services: Services, *roles: Loop[Any, Any]) -> AsyncIterator[None]:
    """Run roles, and their mirrors on one feed, beside the block; a failure ends the block."""
    async with background(_followed(services, roles), *(role.run() for role in roles)):
        yield


async def run_roles(services: Services, *roles: Loop[Any, Any]) -> None:
    """Run roles, and their mirrors on one feed, until cancelled.

    Raises an ExceptionGroup of what ended them.
    """
    async with asyncio.TaskGroup() as group:
        group.create_task(_followed(services, roles))
        for role in roles:
            group.create_task(role.run())


async def _followed(services: Services, roles: tuple[Loop[Any, Any], ...]) -> None:
    mirrors = list(dict.fromkeys(role.mirror for role in roles))
    await follow(services.gateway, mirrors)

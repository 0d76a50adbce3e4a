"""Runs the roles of one process together, until a failure ends or a signal drains them all."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from keeper.errors import KeeperError
from keeper.node.decisions.held import Held
from keeper.node.draining import Drain, costs_of, left_of
from keeper.node.ending import end_within
from keeper.node.following import follow
from keeper.node.loop import Loop
from keeper.node.services import Services
from keeper.node.timeline import Timeline

Tell = Callable[[str], None]
AnyLoop = Loop[Any, Any]

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LEAVING_SECONDS = 5.0
"""How long a process that leaves at once may take to close what it has open."""


@asynccontextmanager
async def background(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run loops beside the block and end them with it; one that fails ends the block.

    Raises what it failed with.
    """
    with _alone():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop) for loop in loops]
            yield
            for task in tasks:
                task.cancel()


@asynccontextmanager
async def running(services: Services, *roles: AnyLoop) -> AsyncIterator[None]:
    """Run roles, and their mirrors on one feed, beside the block; a failure ends the block.

    In the block a cluster that does not answer is waited for.
    """
    with services.gateway.patient():
        async with background(_followed(services, roles), *(role.run() for role in roles)):
            yield


async def run_roles(services: Services, *roles: AnyLoop, tell: Tell) -> None:
    """Run roles, and their mirrors on one feed, until a signal or the chain drains them.

    At the first SIGTERM or SIGINT they take nothing more and end once they hold nothing; `tell` is
    given what they wait for. The second one tells what leaving costs and cancels the caller's task.
    Raises what ended a role, one of `keeper.node.loop.ENDS_A_ROLE`.
    """
    watch = _Watch(roles, tell)
    with services.gateway.patient(), _signals(watch.interrupt):
        async with background(_followed(services, roles), watch.run()):
            with _alone():
                async with asyncio.TaskGroup() as group:
                    for role in roles:
                        group.create_task(role.run())
    watch.end()


class _Watch:
    """Drains the roles of a process together, and tells what they wait for."""

    def __init__(self, roles: tuple[AnyLoop, ...], tell: Tell) -> None:
        self._roles = roles
        self._tell = tell
        self._drain = Drain()
        self._interrupted = 0
        self._caller = asyncio.current_task()
        for role in roles:
            role.drain = self._drain

    def interrupt(self) -> None:
        """Begin the drain; the second time end at once."""
        self._interrupted += 1
        if self._interrupted == 1:
            self._drain.begin()
        elif self._interrupted == 2:
            for line in costs_of(self._held(), self._timeline()):
                self._tell(f"leaving now: {line}")
            end_within(LEAVING_SECONDS)
            if self._caller is not None:
                self._caller.cancel()

    async def run(self) -> None:
        """Tell whenever something else is waited for."""
        await self._drain.wait()
        self._tell("draining: nothing more is taken; ends once nothing is held, or at a signal")
        for role in self._roles:
            role.mirror.wake()
        told: set[Held] = set()
        while True:
            held = set(self._held())
            for line in left_of(sorted(held - told, key=_by_end), self._timeline()):
                self._tell(f"still to do for {line}")
            told = held
            await self._roles[0].mirror.next_view()

    def end(self) -> None:
        """Tell what is to know about roles that have drained."""
        for role in self._roles:
            if (line := role.farewell(role.mirror.view)) is not None:
                self._tell(line)
        self._tell("stopped: nothing is held any more")

    def _held(self) -> list[Held]:
        return [each for role in self._roles for each in role.held(role.mirror.view)]

    def _timeline(self) -> Timeline:
        return self._roles[0].mirror.timeline


def _by_end(held: Held) -> tuple[int, bytes]:
    return held.until or 0, bytes(held.subject)


@contextmanager
def _alone() -> Iterator[None]:
    """Raise one error in place of a group: the first that can be told in a line, or the first."""
    try:
        yield
    except BaseExceptionGroup as group:
        errors = list(_leaves(group))
        told = (error for error in errors if isinstance(error, KeeperError))
        raise next(told, errors[0]) from None


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


@contextmanager
def _signals(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `interrupt` at each signal that ends a process; afterwards one cancels the task."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in SIGNALS:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.add_signal_handler(number, task.cancel)


async def _followed(services: Services, roles: tuple[AnyLoop, ...]) -> None:
    mirrors = list(dict.fromkeys(role.mirror for role in roles))
    await follow(services.gateway, mirrors)

"""Long work of a role, which goes on beside its loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from keeper.node.decisions.actions import Action


class Background:
    """The actions of one role that are under way, each in a task of its own.

    Nothing of it is on disk: a restarted role decides anew what to start.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake` is called when an action has ended and its loop should decide again."""
        self._wake = wake
        self._tasks: dict[Action, asyncio.Task[bool]] = {}
        self._failure: BaseException | None = None

    @property
    def actions(self) -> frozenset[Action]:
        """The actions under way."""
        return frozenset(self._tasks)

    def start(self, action: Action, work: Coroutine[Any, Any, bool]) -> None:
        """Start an action; its work returns whether the loop should decide again at once."""
        task = asyncio.get_running_loop().create_task(work, name=action.kind)
        self._tasks[action] = task
        task.add_done_callback(lambda ended: self._end(action, ended))

    def check(self) -> None:
        """Raise what an action failed with, so that the failure ends the role."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    async def settle(self) -> None:
        """Wait until nothing is under way; raises what an action failed with."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())
            # The callbacks of ended tasks run in the next turn of the event loop.
            await asyncio.sleep(0)
        self.check()

    async def close(self) -> None:
        """Cancel what is under way and wait for its end."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, action: Action, ended: asyncio.Task[bool]) -> None:
        del self._tasks[action]
        if ended.cancelled():
            return
        if (failure := ended.exception()) is not None:
            self._failure = self._failure or failure
            self._wake()
        elif ended.result():
            self._wake()

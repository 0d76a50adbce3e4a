"""One thread for all computation on a device, and threads of their own for what needs none.

A GPU device belongs to one thread, and two jobs at once would only slow each other down.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, Protocol, Self, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Lane(Protocol):
    """Runs calls one after the other."""

    async def run(
        self,
        call: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Returns the call's result; raise what the call raises."""
        ...


class HostLane:
    """Runs each call in a thread of its own: reading, hashing and cutting evidence on the host.

    It needs no device, so a step with a deadline that uses it never waits for an execution.
    """

    async def run(
        self,
        call: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Returns the call's result; raise what the call raises."""
        return await asyncio.to_thread(call, *arguments, **named)


class ComputeLane:
    """Runs calls one after the other in a thread of its own; a context manager."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compute")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    async def run(
        self,
        call: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Returns the call's result; raise what the call raises."""
        return await asyncio.wrap_future(self._thread.submit(call, *arguments, **named))

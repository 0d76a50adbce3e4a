"""One device shared by several tenants; each has its own lane and is served in turns."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import ParamSpec, TypeVar

from keeper.compute import Lane
from keeper.scheduling.partitions import MemoryPartitions
from keeper.scheduling.queue import Account, FairQueue

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class SharedDevice:
    """Grants one turn at a time; all calls run in the lane that owns the device.

    An instance belongs to one event loop. `clock` returns seconds.
    """

    def __init__(
        self, lane: Lane, memory_bytes: int, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._lane = lane
        self._clock = clock
        self._queue = FairQueue()
        self._partitions = MemoryPartitions(memory_bytes)
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._busy = False

    def tenant(self, name: str, weight: float, memory_bytes: int) -> "TenantLane":
        """Add a tenant with a share of the time and a part of the memory, and return its lane.

        Raises AdmissionError when the memory is not free, ValueError on a name that is taken or a
        weight that is not above zero.
        """
        self._queue.join(name, weight)
        try:
            self._partitions.reserve(name, memory_bytes)
        except Exception:
            self._queue.leave(name)
            raise
        self._waiting[name] = []
        return TenantLane(self, name)

    def leave(self, name: str) -> None:
        """Free a tenant's share and memory. Raises KeyError when there is no such tenant."""
        self._queue.leave(name)
        self._partitions.release(name)
        for future in self._waiting.pop(name):
            future.cancel()

    def admit(self, name: str, needed: int) -> None:
        """Raise AdmissionError unless `needed` bytes fit the tenant's partition."""
        self._partitions.admit(name, needed)

    def account(self, name: str) -> Account:
        """Returns a tenant's account of the time it was served."""
        return self._queue.account(name)

    async def run(
        self,
        name: str,
        call: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Wait for a turn, run the call, and charge its seconds even if the call raises."""
        await self._turn(name)
        started = self._clock()
        try:
            return await self._lane.run(call, *arguments, **named)
        finally:
            if name in self._waiting:
                self._queue.charge(name, self._clock() - started)
            self._busy = False
            self._grant_soon()

    async def _turn(self, name: str) -> None:
        granted = asyncio.get_running_loop().create_future()
        if not self._waiting[name]:
            self._queue.wants(name)
        self._waiting[name].append(granted)
        self._grant_soon()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._busy = False
                self._grant_soon()
            elif granted in self._waiting.get(name, ()):
                self._waiting[name].remove(granted)
            raise

    def _grant_soon(self) -> None:
        # The grant is deferred so that the tenant just served can ask again before the comparison;
        # otherwise two tenants would alternate whatever their weights.
        asyncio.get_running_loop().call_soon(self._grant)

    def _grant(self) -> None:
        if self._busy:
            return
        name = self._queue.next(name for name, futures in self._waiting.items() if futures)
        if name is not None:
            self._busy = True
            self._waiting[name].pop(0).set_result(None)


class TenantLane:
    """The lane of one tenant; each call is one turn."""

    def __init__(self, device: SharedDevice, name: str) -> None:
        self.name = name
        self._device = device

    @property
    def served(self) -> float:
        """The device seconds used so far."""
        return self._device.account(self.name).served

    def admit(self, needed: int) -> None:
        """Raise AdmissionError unless `needed` bytes fit the partition."""
        self._device.admit(self.name, needed)

    def leave(self) -> None:
        """Free the tenant's share and memory."""
        self._device.leave(self.name)

    async def run(
        self,
        call: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Returns the call's result, run in one turn; raise what the call raises."""
        return await self._device.run(self.name, call, *arguments, **named)

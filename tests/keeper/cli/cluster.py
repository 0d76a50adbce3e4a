"""Clusters for commands that run in the test's own process."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from threading import Event, Thread, current_thread
from typing import Self, TypeVar

from solders.pubkey import Pubkey

from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, deploy_localnet, localnet_mint

Result = TypeVar("Result")


class Served(ABC):
    """A localnet that is served from a thread of its own while it is open."""

    def __init__(self) -> None:
        self._ready, self._loop = Event(), asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    @property
    @abstractmethod
    def net(self) -> Localnet:
        """The localnet."""

    @abstractmethod
    def serving(self) -> AbstractAsyncContextManager[object]:
        """Returns what is open while commands may be run."""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def in_loop(self, act: Callable[[], object]) -> None:
        """Do something where the localnet is served, so that its subscribers hear of it."""

        async def acting() -> None:
            act()

        asyncio.run_coroutine_threadsafe(acting(), self._loop).result(60)

    def fund(self, owner: Pubkey, nlov: int) -> None:
        def give() -> None:
            self.net.bank.airdrop(owner, 10**10)
            localnet_mint().mint_to(self.net.bank, owner, nlov)

        self.there(give)

    def there(self, call: Callable[[], Result]) -> Result:
        """Returns what a call returns in the localnet's own thread.

        Nothing else may touch a chain that goes on: LiteSVM refuses a second thread.
        """
        if current_thread() is self._thread:
            return call()

        async def calling() -> Result:
            return call()

        return asyncio.run_coroutine_threadsafe(calling(), self._loop).result(60)

    async def _serve(self) -> None:
        async with self.serving():
            self._ready.set()
            await self._stop.wait()


class Cluster(Served):
    """A deployed localnet whose slots stand still, unless they are `ticking`.

    The seed decides the genesis hash.
    """

    def __init__(self, *, seed: bytes = bytes(32), port: int = 0, ticking: bool = False) -> None:
        super().__init__()
        self._net = Localnet(
            programs=built_programs(), mint=localnet_mint(), port=port, ticking=ticking, seed=seed
        )
        deploy_localnet(self._net.bank)

    @property
    def net(self) -> Localnet:
        return self._net

    def serving(self) -> AbstractAsyncContextManager[object]:
        return self._net

"""A cluster for commands that run in the test's own process."""

import asyncio
from threading import Event, Thread

from solders.pubkey import Pubkey

from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, deploy_localnet, localnet_mint


class Cluster:
    """A deployed localnet whose slots stand still, served from a thread of its own."""

    def __init__(self) -> None:
        self.net = Localnet(
            programs=built_programs(), mint=localnet_mint(), port=0, ticking=False, seed=bytes(32)
        )
        deploy_localnet(self.net.bank)
        self._ready, self._loop = Event(), asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> "Cluster":
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def fund(self, owner: Pubkey, nlov: int) -> None:
        self.net.bank.airdrop(owner, 10**10)
        localnet_mint().mint_to(self.net.bank, owner, nlov)

    async def _serve(self) -> None:
        async with self.net:
            self._ready.set()
            await self._stop.wait()

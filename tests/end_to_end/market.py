"""A marketplace in a thread, some of whose parties run as processes behind a proxy."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.exact.decisions.codes import BallotState, JobState, VerdictState
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.roles.role import Role
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.localnet.events import AccountsChanged
from keeper.lab.localnet.events import Event as BankEvent
from keeper.lab.market.marketplace import VERIFIERS, Marketplace, open_marketplace
from keeper.lab.market.venue import LocalnetVenue
from keeper.node.supervision import running
from neurolov_client import job_registry, verdict
from tests.end_to_end.proxy import Proxy
from tests.end_to_end.role_process import PATIENCE_SECONDS, arguments
from tests.keeper.cli.cluster import Served
from tests.keeper.exact.roles.rig import small_graph

PROVIDER, VERIFIER, CRANK, BUYER = "provider 1", VERIFIERS[0], "crank", "buyer"
OFFER = JobOffer(price=20 * NLOV, verification_fee=NLOV // 5, tip=NLOV // 100, verifiers=5)
SLOT_SECONDS = 0.1
WAITING_SECONDS = 0.004
"""A slot's length while nobody has anything to do but wait for time to pass."""


class Market(Served):
    """A market whose slots pass while `ticking`; the parties in `apart` do not run in it."""

    def __init__(self, folder: Path, *apart: str) -> None:
        super().__init__()
        self.folder = folder
        self._apart = apart
        self.ticking = True
        self.proxy: Proxy
        self._net: Localnet
        self._market: Marketplace
        self._watched: list[tuple[Callable[[], bool], Event]] = []
        self._jobs: list[Pubkey] = []

    @property
    def net(self) -> Localnet:
        return self._net

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        mint = localnet_mint()
        async with (
            Localnet(programs=built_programs(), mint=mint, port=0, ticking=False) as self._net,
            Proxy(self._net.url, self._net.ws_url) as self.proxy,
            open_marketplace(
                LocalnetVenue(self._net), self.folder, rate=10**9, providers=(PROVIDER,)
            ) as self._market,
        ):
            market = self._market
            everybody: list[Role] = [market.buyer, market.crank(), *market.verifiers()]
            roles = {role.owner: role for role in everybody}
            for name in self._apart:
                roles.pop(market.parties.owner(name), None)
            self._net.bank.listen(self._noted)
            async with running(market.services, *roles.values()):
                clock = asyncio.create_task(self._tick())
                yield
                clock.cancel()

    def arguments(self, name: str) -> list[object]:
        """Returns what the process of a party is told; it reaches the cluster by the proxy."""
        home = self.folder / f"{name} apart"
        home.mkdir(exist_ok=True)
        key = home / "id.json"
        if not key.exists():
            key.write_text(json.dumps(list(bytes(localnet_keypair(name)))))
            key.chmod(0o600)
        return arguments(home, key, self.proxy.arguments)

    def post(self, *, awaited: bool = True) -> Pubkey:
        """Post a job of the buyer, and return its address; see `watch_jobs` for `awaited`."""
        posting: Future[Pubkey] = asyncio.run_coroutine_threadsafe(self._post(), self._loop)
        job = posting.result(PATIENCE_SECONDS)
        if awaited:
            self.watch_jobs(job)
        return job

    def watch_jobs(self, *jobs: Pubkey) -> None:
        """Let time pass quickly while these jobs wait for nothing else."""
        self._jobs += jobs

    def when(self, holds: Callable[[], bool], act: Callable[[], None]) -> Event:
        """Call `act` in the cluster's thread as soon as something holds on the chain."""
        done = Event()

        def checked() -> bool:
            if holds():
                act()
                return True
            return False

        self._loop.call_soon_threadsafe(self._watched.append, (checked, done))
        return done

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds on the chain."""
        assert self.when(holds, lambda: None).wait(PATIENCE_SECONDS)

    def job(self, address: Pubkey) -> job_registry.Job | None:
        raw = self.there(lambda: self.net.bank.account(address))
        return None if raw is None else job_registry.Job.decode(bytes(raw.data))

    def verdict(self, address: Pubkey) -> verdict.Verdict | None:
        judged = verdict.verdict_address(address)
        raw = self.there(lambda: self.net.bank.account(judged))
        return None if raw is None else verdict.Verdict.decode(bytes(raw.data))

    def is_claimed(self, address: Pubkey) -> bool:
        found = self.job(address)
        return found is not None and found.state == JobState.CLAIMED

    def is_settled(self, address: Pubkey) -> bool:
        found = self.job(address)
        return found is None or found.state == JobState.SETTLED

    async def _post(self) -> Pubkey:
        graph, inputs = small_graph()
        market = self._market
        address = await market.graphs.register(graph)
        manifest = market.poster.store_workload(graph, inputs)
        source = market.storages["buyer"].url
        job = await market.poster.post(address, manifest, inputs, OFFER, source)
        market.buyer.keep.add(job)
        return job

    def _noted(self, event: BankEvent) -> None:
        if isinstance(event, AccountsChanged):
            self._look()

    def _look(self) -> None:
        done = [each for each in tuple(self._watched) if each[0]()]
        for each in done:
            self._watched.remove(each)
            each[1].set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._pace())
            if self.ticking:
                self.net.bank.advance()
            self._look()

    def _pace(self) -> float:
        open_jobs = [job for job in self._jobs if not self.is_settled(job)]
        waiting = bool(open_jobs) and all(map(self._waits, open_jobs))
        return WAITING_SECONDS if waiting else SLOT_SECONDS

    def _waits(self, address: Pubkey) -> bool:
        judged = self.verdict(address)
        if judged is None:
            return False
        ballots = judged.ballots[: judged.ballot_count]
        match VerdictState(judged.state):
            case VerdictState.COMMITTED | VerdictState.DECIDED:
                return True
            case VerdictState.BALLOTING:
                cast = all(ballot.state == BallotState.CAST for ballot in ballots)
                return cast and self.net.bank.slot < judged.ballot_deadline
        return False

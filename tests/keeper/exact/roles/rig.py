"""A marketplace whose slots pass only when everybody has nothing to do: no clock, no sleeps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.compute import Lane
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles import Buyer, Crank, Provider, Verifier
from keeper.exact.roles.role import Role
from keeper.lab.localnet import Bank, Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.market.balances import Balances, read_balances
from keeper.lab.market.marketplace import PROVIDERS, Marketplace, open_marketplace
from keeper.lab.market.venue import LocalnetVenue
from keeper.node.decisions.actions import Action, Wait
from kernels.graph import Graph, GraphBuilder
from kernels.graph.reference import Executor, NumpyExecutor
from kernels.trace.layout import Array

TERMS = JobOffer(price=20 * NLOV, verification_fee=NLOV // 5, tip=NLOV // 100)
MOST_STEPS = 3_000
Material = tuple[Graph, list[Array]]


def small_graph() -> Material:
    """Convolution, ReLU, requantisation, argmax over 8 images; heavy enough to be worth money."""
    rng = np.random.default_rng(11)
    build = GraphBuilder()
    image = build.input((8, 16, 16, 8))
    convolved = build.convolution(image, rng.integers(-128, 128, (64, 3, 3, 8), np.int8))
    build.argmax(build.relu(build.requantise(convolved, 1_500_000_000, 43)))
    return build.build(), [rng.integers(-128, 128, (8, 16, 16, 8), np.int8)]


@dataclass(slots=True)
class Rig:
    """Who acts, and the job they act on."""

    bank: Bank
    market: Marketplace
    graph: Graph
    inputs: list[Array]
    job: Pubkey
    crank: Crank
    verifiers: list[Verifier]
    taken: list[tuple[str, Action]] = field(default_factory=list)
    computing: set[Role] = field(default_factory=set)
    """Roles whose work beside the loop goes on while slots pass."""

    @property
    def buyer(self) -> Buyer:
        return self.market.buyer

    @property
    def slot(self) -> int:
        return self.bank.slot

    @property
    def view(self) -> JobSnapshot:
        return self.market.mirror.view.jobs[self.job]

    def provider(
        self,
        name: str = PROVIDERS[0],
        executor: Executor | None = None,
        lane: Lane | None = None,
    ) -> Provider:
        return self.market.provider(name, executor or NumpyExecutor(), lane)

    async def post(self) -> Pubkey:
        """Posts another job with the same graph and inputs."""
        market = self.market
        address = await market.graphs.register(self.graph)
        manifest = market.poster.store_workload(self.graph, self.inputs)
        source = market.storages["buyer"].url
        job = await market.poster.post(address, manifest, self.inputs, TERMS, source)
        market.buyer.keep.add(job)
        await market.mirror.refresh()
        return job

    async def balances(self) -> Balances:
        market = self.market
        return await read_balances(
            market.services.gateway, market.parties.mint, market.parties.owners
        )

    def staked(self, name: str) -> int:
        position = self.market.mirror.view.parties[self.market.parties.keys[name].pubkey()].position
        assert position is not None
        return position.amount

    def actions(self, kind: type[Action]) -> list[tuple[str, Action]]:
        return [each for each in self.taken if isinstance(each[1], kind)]

    async def play(self, roles: Sequence[Role], until: Callable[[], bool]) -> None:
        """Step everybody in turn; a slot passes when all of them wait."""
        for role in roles:
            await role.recover()
        for _ in range(MOST_STEPS):
            await self.market.mirror.refresh()
            if until():
                return
            if not await self._round(roles):
                self.bank.advance()
        raise AssertionError(f"nothing came of it by slot {self.slot}: {self.view}")

    async def _round(self, roles: Sequence[Role]) -> bool:
        acted = False
        for role in roles:
            action = await role.step()
            if role not in self.computing:
                await role.settle()
            if not isinstance(action, Wait):
                self.taken.append((role.name, action))
                acted = True
                await self.market.mirror.refresh()
        return acted

    def closed(self) -> bool:
        return self.job not in self.market.mirror.view.jobs

    def ended(self) -> bool:
        return self.view.job.ended


@asynccontextmanager
async def opened(
    folder: Path, material: Material | None = None, *, ticking: bool = False
) -> AsyncIterator[Rig]:
    """A marketplace with a posted job, verifiers in the draw; its clock stands unless ticking."""
    graph, inputs = material or small_graph()
    mint = localnet_mint()
    async with (
        Localnet(programs=built_programs(), mint=mint, port=0, ticking=ticking) as net,
        open_marketplace(LocalnetVenue(net), folder, rate=10**9) as market,
    ):
        crank = market.crank()
        await crank.recover()
        while not isinstance(await crank.step(), Wait):
            await market.mirror.refresh()
        rig = Rig(net.bank, market, graph, inputs, Pubkey.default(), crank, market.verifiers())
        rig.job = await rig.post()
        yield rig


def on_rig(
    folder: Path,
    story: Callable[[Rig], Awaitable[None]],
    material: Material | None = None,
    *,
    ticking: bool = False,
) -> None:
    """Run one story on a fresh rig."""

    async def run() -> None:
        async with opened(folder, material, ticking=ticking) as rig:
            await story(rig)

    asyncio.run(run())

"""Tasks on real programs and data servers; a slot passes only when everybody has nothing to do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.chain.submit import Submitter
from keeper.data import ReservationKind
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.market.balances import Balances, read_balances
from keeper.lab.market.parties import POLL_SECONDS, Offer, Parties, Party, open_parties
from keeper.lab.market.venue import LocalnetVenue
from keeper.node.decisions.actions import Action, Wait
from keeper.node.eviction import Eviction
from keeper.node.services import Services, Storage
from keeper.node.vault import Vault
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.decisions.state import Task, TaskSnapshot
from keeper.tolerant.roles.buyer import TaskBuyer
from keeper.tolerant.roles.crank import TaskCrank
from keeper.tolerant.roles.mirror import TaskMirror
from keeper.tolerant.roles.posting import TaskPoster
from keeper.tolerant.roles.provider import RunPackage, TaskProvider, TaskProviderTools
from keeper.tolerant.roles.role import TaskRole
from keeper.tolerant.roles.runs import RUNS
from kernels.custom import KernelPackage, run_package
from kernels.runtime import list_adapters
from neurolov_client import staking
from tests.kernels.custom.examples import triple

STAKE = 1_000 * NLOV
QUOTA_BYTES = 1 << 24
OPERATORS = ("first operator", "second operator")
OFFER = Offer(ask=1, rate=10**9, max_macs=1)
PROVIDERS = tuple(f"task provider {number}" for number in range(1, 6))
TERMS = TaskOffer(price=10 * NLOV, tip=NLOV // 100)
INPUTS = (np.linspace(-4, 4, 16, dtype="<f4").tobytes(),)
MOST_STEPS = 9_000

needs_adapter = pytest.mark.skipif(not list_adapters(), reason="no GPU adapter")


@cache
def executed() -> bytes:
    """What the kernel gives on this machine's adapter, run in its child once a test run."""
    return run_package(triple(), INPUTS)


def honest(package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
    assert (package, tuple(inputs)) == (triple(), INPUTS)
    return executed()


def drifting(steps: int) -> RunPackage:
    """Another adapter: every element so many ULP further up."""

    def run(package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
        words = np.frombuffer(honest(package, inputs), "<i4")
        return (words + steps).astype("<i4").tobytes()

    return run


def lying(seed: int) -> RunPackage:
    """Makes up an output."""

    def run(package: KernelPackage, inputs: Sequence[bytes]) -> bytes:
        random = np.random.default_rng(seed)
        return random.uniform(100, 200, package.output_bytes // 4).astype("<f4").tobytes()

    return run


@dataclass(slots=True)
class TaskRig:
    """Who acts, and the task they act on."""

    net: Localnet
    parties: Parties
    mirror: TaskMirror
    task: Pubkey = field(default_factory=Pubkey.default)
    taken: list[tuple[str, Action]] = field(default_factory=list)

    @property
    def snapshot(self) -> TaskSnapshot:
        return self.mirror.view.tasks[self.task]

    @property
    def found(self) -> Task:
        return self.snapshot.task

    @property
    def services(self) -> Services:
        return self.parties.services

    @property
    def storages(self) -> Mapping[str, Storage]:
        return self.parties.storages

    def owner(self, name: str) -> Pubkey:
        return self.parties.owner(name)

    def provider(
        self,
        number: int,
        run: RunPackage = honest,
        min_price: int = 0,
        operator: str | None = None,
    ) -> TaskProvider:
        """The provider of this number, signed for by an operator's key where one is named."""
        name = PROVIDERS[number]
        storage = self.storages[name]
        tools = TaskProviderTools(
            run=run,
            min_price=min_price,
            lane=self.services.lane,
            client=self.services.client,
            store=storage.store,
            indexes=storage.tasks,
            runs=Vault(self.parties.folder / name).secrets(RUNS),
            eviction=Eviction(
                storage.store, ReservationKind.TASKS, storage.tasks, storage.retention_seconds
            ),
        )
        signer = self._submitter(operator or name)
        return TaskProvider(self.mirror, signer, self.owner(name), tools)

    async def appoint(self, number: int, operator: str, budget: int) -> None:
        """Name an operator of a provider, by the provider's own key."""
        name = PROVIDERS[number]
        naming = staking.set_operator(
            operator=self.owner(operator), budget=budget, owner=self.owner(name)
        )
        await self._submitter(name).submit(f"appoint/{operator}", [naming], again=True)
        await self.mirror.refresh()

    def crank(self) -> TaskCrank:
        return TaskCrank(self.mirror, self._submitter("crank"), self.owner("crank"))

    def buyer(self) -> TaskBuyer:
        return TaskBuyer(self.mirror, self._submitter("buyer"), self.owner("buyer"))

    async def post(
        self,
        offer: TaskOffer = TERMS,
        package: KernelPackage | None = None,
        inputs: Sequence[bytes] = INPUTS,
    ) -> None:
        package = package or triple()
        store = self.storages["buyer"].store
        poster = TaskPoster(
            self.services.gateway, self._submitter("buyer"), self.owner("buyer"), store
        )
        manifest = poster.store_workload(package, inputs)
        self.task = await poster.post(package, manifest, offer, self.storages["buyer"].url)
        await self.mirror.refresh()

    async def balances(self) -> Balances:
        parties = self.parties
        return await read_balances(parties.services.gateway, parties.mint, parties.owners)

    def free_stake(self, number: int) -> int:
        return self.mirror.view.stakes[self.owner(PROVIDERS[number])].lease_room

    def actions(self, kind: type[Action]) -> list[tuple[str, Action]]:
        return [each for each in self.taken if isinstance(each[1], kind)]

    async def play(self, roles: Sequence[TaskRole], until: Callable[[], bool]) -> None:
        """Step everybody in turn; a slot passes when all of them wait."""
        for role in roles:
            await role.recover()
        await self.mirror.refresh()
        waiting = 0
        for role in islice(cycle(roles), MOST_STEPS):
            if until():
                return
            action = await role.step()
            await role.settle()
            if isinstance(action, Wait):
                waiting += 1
            else:
                self.taken.append((role.name, action))
                waiting = 0
            if waiting == len(roles):
                self.net.bank.advance()
                waiting = 0
            await self.mirror.refresh()
        raise AssertionError(f"nothing came of it by slot {self.net.bank.slot}: {self.found}")

    def ended(self) -> bool:
        return self.found.ended

    def reached(self, state: TaskState) -> bool:
        return self.found.state is state

    def closed(self) -> bool:
        return self.task not in self.mirror.view.tasks

    def _submitter(self, name: str) -> Submitter:
        return self.parties.submitter(name)


@asynccontextmanager
async def opened(folder: Path, *, ticking: bool = False) -> AsyncIterator[TaskRig]:
    """Five staked and registered providers, a buyer with a store, a crank."""
    everybody = [
        Party("buyer", 2 * STAKE),
        Party("crank", 2 * STAKE),
        *(Party(name, 0) for name in OPERATORS),
        *(Party(name, 2 * STAKE, STAKE, OFFER) for name in PROVIDERS),
    ]
    async with (
        Localnet(programs=built_programs(), mint=localnet_mint(), port=0, ticking=ticking) as net,
        open_parties(LocalnetVenue(net), folder, everybody, QUOTA_BYTES) as parties,
    ):
        owners = [key.pubkey() for key in parties.keys.values()]
        mirror = TaskMirror(parties.services.gateway, owners, POLL_SECONDS)
        await mirror.refresh()
        yield TaskRig(net, parties, mirror)


def on_rig(folder: Path, story: Callable[[TaskRig], Awaitable[None]]) -> None:
    """Run one story on a fresh rig."""

    async def run() -> None:
        async with opened(folder) as rig:
            await story(rig)

    asyncio.run(run())

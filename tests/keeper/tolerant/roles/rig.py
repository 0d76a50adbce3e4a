"""Tasks on real programs and data servers; a slot passes only when everybody has nothing to do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.configuration import Serving
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_keypair, localnet_mint
from keeper.lab.market.balances import Balances, read_balances
from keeper.lab.market.venue import Funds, LocalnetVenue
from keeper.node.decisions.actions import Action, Wait
from keeper.node.registration import Registrar, capability
from keeper.node.services import Services, Storage, open_services, open_storage
from keeper.node.vault import Vault
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import Task, TaskSnapshot
from keeper.tolerant.roles.buyer import TaskBuyer
from keeper.tolerant.roles.crank import TaskCrank
from keeper.tolerant.roles.mirror import TaskMirror
from keeper.tolerant.roles.posting import TaskPoster, TaskTerms
from keeper.tolerant.roles.provider import RunPackage, TaskProvider, TaskProviderTools
from keeper.tolerant.roles.role import TaskRole
from keeper.tolerant.roles.runs import RUNS
from kernels.custom import KernelPackage, run_package
from kernels.runtime import list_adapters
from tests.kernels.custom.examples import triple

NLOV = 10**9
STAKE = 1_000 * NLOV
PROVIDERS = tuple(f"task provider {number}" for number in range(1, 6))
TERMS = TaskTerms(price=10 * NLOV, tip=NLOV // 100)
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
        return random.uniform(100, 200, package.output.bytes // 4).astype("<f4").tobytes()

    return run


@dataclass(slots=True)
class TaskRig:
    """Who acts, and the task they act on."""

    net: Localnet
    services: Services
    mirror: TaskMirror
    keys: Mapping[str, Keypair]
    storages: Mapping[str, Storage]
    folder: Path
    task: Pubkey = field(default_factory=Pubkey.default)
    taken: list[tuple[str, Action]] = field(default_factory=list)

    @property
    def snapshot(self) -> TaskSnapshot:
        return self.mirror.view.tasks[self.task]

    @property
    def found(self) -> Task:
        return self.snapshot.task

    def owner(self, name: str) -> Pubkey:
        return self.keys[name].pubkey()

    def provider(self, number: int, run: RunPackage = honest, min_price: int = 0) -> TaskProvider:
        name = PROVIDERS[number]
        storage = self.storages[name]
        tools = TaskProviderTools(
            run=run,
            min_price=min_price,
            lane=self.services.lane,
            client=self.services.client,
            store=storage.store,
            indexes=storage.tasks,
            runs=Vault(self.folder / name).secrets(RUNS),
        )
        return TaskProvider(self.mirror, self._submitter(name), self.owner(name), tools)

    def crank(self) -> TaskCrank:
        return TaskCrank(self.mirror, self._submitter("crank"), self.owner("crank"))

    def buyer(self) -> TaskBuyer:
        return TaskBuyer(self.mirror, self._submitter("buyer"), self.owner("buyer"))

    async def post(self, terms: TaskTerms = TERMS) -> None:
        store = self.storages["buyer"].store
        poster = TaskPoster(
            self.services.gateway, self._submitter("buyer"), self.owner("buyer"), store
        )
        manifest = poster.store_workload(triple(), INPUTS)
        self.task = await poster.post(triple(), manifest, terms, self.storages["buyer"].url)
        await self.mirror.refresh()

    async def balances(self) -> Balances:
        owners = {name: key.pubkey() for name, key in self.keys.items()}
        owners["treasury"] = localnet_keypair("treasury").pubkey()
        return await read_balances(self.services.gateway, localnet_mint().address, owners)

    def free_stake(self, number: int) -> int:
        return self.mirror.view.free_stake[self.owner(PROVIDERS[number])]

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
        return self.services.submitter(self.keys[name])


@asynccontextmanager
async def opened(folder: Path, *, ticking: bool = False) -> AsyncIterator[TaskRig]:
    """Five staked and registered providers, a buyer with a store, a crank."""
    names = ("buyer", "crank", *PROVIDERS)
    keys = {name: localnet_keypair(name) for name in names}
    mint = localnet_mint()
    async with AsyncExitStack() as stack:
        net = await stack.enter_async_context(
            Localnet(programs=built_programs(), mint=mint, port=0, ticking=ticking)
        )
        venue = LocalnetVenue(net)
        services = await stack.enter_async_context(open_services(venue.gateway, folder, 0.05))
        funds = {key.pubkey(): Funds(10**10, 2 * STAKE) for key in keys.values()}
        await venue.prepare(services, funds)
        storages = {
            name: await stack.enter_async_context(
                open_storage(folder / name, Serving(quota_bytes=1 << 24))
            )
            for name in names
        }
        for name in PROVIDERS:
            key = keys[name]
            registrar = Registrar(
                services.gateway, services.submitter(key), key.pubkey(), mint.address
            )
            await registrar.stake(STAKE)
            await registrar.register_provider(
                capability(
                    ask=1, memory_bytes=1, rate=10**9, max_macs=1, endpoint=storages[name].url
                )
            )
        mirror = TaskMirror(services.gateway, [key.pubkey() for key in keys.values()], 0.05)
        await mirror.refresh()
        yield TaskRig(net, services, mirror, keys, storages, folder)


def on_rig(folder: Path, story: Callable[[TaskRig], Awaitable[None]]) -> None:
    """Run one story on a fresh rig."""

    async def run() -> None:
        async with opened(folder) as rig:
            await story(rig)

    asyncio.run(run())

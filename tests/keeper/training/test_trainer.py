"""Training as jobs on a localnet whose slots pass only when no role has anything to do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

import numpy as np
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.exact.decisions.codes import Outcome
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.roles.role import Role
from keeper.lab.localnet import Bank, Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.market.cheats import Cheat, CheatingExecutor
from keeper.lab.market.marketplace import PROVIDERS, Marketplace, open_marketplace
from keeper.lab.market.venue import LocalnetVenue
from keeper.node.decisions.actions import Wait
from keeper.node.supervision import background
from keeper.training.trainer import BuyerServices, Trainer
from kernels.graph import Graph
from kernels.graph.reference import Executor, NumpyExecutor
from kernels.models.digits.images import training
from kernels.trace.layout import Array
from kernels.training import Course, Network, Weights, shards

NETWORK = Network()
BATCH = 32
TERMS = JobOffer(NLOV, NLOV // 5, NLOV // 100, verifiers=1)


def course() -> Course:
    parts = shards(*training(), len(PROVIDERS), NETWORK.classes)
    return Course(NETWORK, tuple(parts), BATCH, 0.4, 7)


def same(weights: Weights, steps: int) -> bool:
    expected = next(islice(course().run(NumpyExecutor()), steps, None))
    return np.array_equal(weights.master, expected.master) and np.array_equal(
        weights.narrow, expected.narrow
    )


class CheatsOnce:
    """Spoils its first run."""

    def __init__(self) -> None:
        self.cheated = False

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        honest = NumpyExecutor()
        if self.cheated:
            return honest.execute(graph, inputs)
        self.cheated = True
        return CheatingExecutor(honest, Cheat.FLIP).execute(graph, inputs)


@asynccontextmanager
async def trainer_with(
    folder: Path, executors: Sequence[Executor]
) -> AsyncIterator[tuple[Trainer, Marketplace]]:
    net = Localnet(programs=built_programs(), mint=localnet_mint(), port=0, ticking=False)
    async with net, open_marketplace(LocalnetVenue(net), folder, 10**9) as market:
        services = BuyerServices(
            market.mirror,
            market.buyer,
            market.graphs,
            market.poster,
            market.services.client,
            market.storages["buyer"].url,
            TERMS,
        )
        providers = [
            market.provider(name, executor)
            for name, executor in zip(PROVIDERS, executors, strict=True)
        ]
        roles = [market.crank(), market.buyer, *providers, *market.verifiers()]
        trainer = Trainer(services, course(), lambda slot, what: None)
        async with background(conduct(net.bank, market, roles)):
            await trainer.register()
            yield trainer, market


async def conduct(bank: Bank, market: Marketplace, roles: Sequence[Role]) -> None:
    """Step everybody in turn; a slot passes when all of them wait."""
    for role in roles:
        await role.recover()
    while True:
        await market.mirror.refresh()
        actions = []
        for role in roles:
            actions.append(await role.step())
            await role.settle()
        if all(isinstance(action, Wait) for action in actions):
            bank.advance()


def test_a_step_with_a_cheat_is_made_again_and_right(tmp_path: Path) -> None:
    async def story() -> None:
        # whichever provider runs first
        cheat = CheatsOnce()
        async with trainer_with(tmp_path, [cheat, cheat]) as (trainer, market):
            ((weights, report),) = await trainer.run(1)
            assert same(weights, 1)
            assert report.leaves == NETWORK.rows
            assert market.mirror.view.jobs == {}
            owners: set[Pubkey] = {market.parties.keys[name].pubkey() for name in PROVIDERS}
            assert {*report.providers, report.aggregator} <= owners
            (fallen,) = [each for each in trainer.ledger.endings if not each.stands]
            assert fallen.outcome is Outcome.FRAUD
            assert fallen.blamed in owners
            assert len(trainer.ledger.endings) > len(PROVIDERS) + 1

    asyncio.run(story())

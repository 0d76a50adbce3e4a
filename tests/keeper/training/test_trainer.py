"""Training as jobs on a localnet whose slots pass quickly."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from solders.pubkey import Pubkey

from keeper.chain.deploy import built_programs, localnet_mint
from keeper.chain.localnet import Localnet
from keeper.cli.demonstration.cheats import Cheat, CheatingExecutor
from keeper.cli.demonstration.marketplace import NLOV, PROVIDERS, Marketplace, open_marketplace
from keeper.cli.demonstration.venue import LocalnetVenue
from keeper.cli.options import background
from keeper.roles.orders import JobTerms
from keeper.training.errors import TrainingError
from keeper.training.trainer import Counter, Trainer
from kernels.exact.reference import Executor, NumpyExecutor
from kernels.models.digits.images import training
from kernels.training import Course, Network, shards

NETWORK = Network()
BATCH = 32
SLOT_MS = 40
TERMS = JobTerms(NLOV, NLOV // 10, NLOV // 100, verifiers=1)


def course() -> Course:
    parts = shards(*training(), len(PROVIDERS), NETWORK.classes)
    return Course(NETWORK, tuple(parts), BATCH, 0.4, 7)


@asynccontextmanager
async def trainer_with(
    folder: Path, executors: Sequence[Executor]
) -> AsyncIterator[tuple[Trainer, Marketplace]]:
    net = Localnet(programs=built_programs(), mint=localnet_mint(), port=0, slot_ms=SLOT_MS)
    async with net, open_marketplace(LocalnetVenue(net), folder, 10**9) as market:
        counter = Counter(
            market.mirror,
            market.buyer,
            market.desk,
            market.services.client,
            market.storages["buyer"].url,
            TERMS,
        )
        providers = [
            market.provider(name, executor)
            for name, executor in zip(PROVIDERS, executors, strict=True)
        ]
        roles = [market.crank(), market.buyer, *providers, *market.verifiers()]
        trainer = Trainer(counter, course(), lambda slot, what: None)
        async with background(market.mirror.run(), *(role.run() for role in roles)):
            await trainer.register()
            yield trainer, market


def test_a_step_over_two_providers_gives_the_weights_computed_here(tmp_path: Path) -> None:
    async def story() -> None:
        honest = NumpyExecutor()
        async with trainer_with(tmp_path, [honest, honest]) as (trainer, market):
            planned = course().run(honest)
            weights, report = await trainer.step(0, next(planned))
            expected = next(planned)
            assert np.array_equal(weights.master, expected.master)
            assert np.array_equal(weights.narrow, expected.narrow)
            assert report.leaves == NETWORK.rows
            await trainer.settle()
            assert sum(trainer.ledger.outcomes.values()) == len(PROVIDERS) + 1
            owners: set[Pubkey] = {market.keys[name].pubkey() for name in PROVIDERS}
            assert {*report.providers, report.aggregator} <= owners
            assert all(trainer.ledger.paid[owner] > 0 for owner in report.providers)

    asyncio.run(story())


def test_a_provider_that_cheats_ends_the_training(tmp_path: Path) -> None:
    async def story() -> None:
        cheats = [CheatingExecutor(NumpyExecutor(), Cheat.FLIP) for _ in PROVIDERS]
        async with trainer_with(tmp_path, cheats) as (trainer, _):
            await trainer.step(0, course().start())
            await trainer.settle()

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(story())
    (error,) = caught.value.exceptions
    assert isinstance(error, TrainingError)
    assert "is voided (fraud), provider" in str(error)

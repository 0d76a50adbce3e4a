"""A device that is lost in mid-job: found, told, opened again, and the job is paid once."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wgpu.backends.wgpu_native import GPUCommandEncoder

from keeper.compute import RenewingExecutor
from keeper.exact.decisions.actions import CommitStage, Execute, Withdraw
from keeper.exact.decisions.codes import JobState
from keeper.exact.roles import Provider
from keeper.exact.roles.results import fetch_result
from keeper.exact.roles.role import Role
from keeper.exact.roles.traces import TraceFetcher
from keeper.lab.market.balances import Balances
from keeper.lab.market.marketplace import PROVIDERS
from kernels.exact.reference import Executor, execute
from kernels.runtime import Adapter, AdapterUnavailable, GpuExecutor
from tests.keeper.exact.roles.stage import Stage, on_stage
from tests.kernels.conftest import ADAPTERS

Lose = Callable[[int], None]


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Lose:
    """Destroys the device in so many of the next executions, when all is uploaded and encoded."""
    finish, remaining = GPUCommandEncoder.finish, [0]

    def broken(encoder: Any) -> Any:
        if remaining[0]:
            remaining[0] -= 1
            encoder._device.destroy()
        return finish(encoder)

    monkeypatch.setattr(GPUCommandEncoder, "finish", broken)

    def arm(times: int) -> None:
        remaining[0] = times

    return arm


@pytest.fixture(params=ADAPTERS)
def card(request: pytest.FixtureRequest) -> "Card":
    """Each adapter."""
    return Card(request.param)


class Card:
    """Opens the adapter, which after a loss may be away for some tries."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self.opened = 0
        self.away = 0

    def open(self) -> GpuExecutor:
        if self.away:
            self.away -= 1
            raise AdapterUnavailable("the driver is starting")
        self.opened += 1
        return GpuExecutor(self._adapter)


def slow_provider(stage: Stage, executor: Executor) -> Provider:
    """So slow on paper that each operator is a stage of its own."""
    provider = stage.provider(executor=executor)
    provider._tools = replace(provider._tools, rate=1)
    return provider


async def check_paid_once(stage: Stage, before: Balances, everybody: Sequence[Role]) -> None:
    """The right result, each stage committed once, and one payment of the price."""
    assert stage.view.job.state is JobState.SETTLED
    assert stage.view.job.lease is not None
    price = stage.view.job.lease.price
    commits = [action for _, action in stage.actions(CommitStage)]
    assert [each.first for each in commits if isinstance(each, CommitStage)] == list(
        range(len(stage.graph.descriptors))
    )
    services = stage.market.services
    traces = TraceFetcher(services.client, services.gateway)
    result = await fetch_result(traces, stage.view, stage.graph)
    assert np.array_equal(result, execute(stage.graph, stage.inputs)[-1])
    stage.buyer.keep.clear()
    await stage.play(everybody, stage.closed)
    after = await stage.balances()
    fee = -(-price * 500 // 10_000)
    gained = after.named[PROVIDERS[0]] - before.named[PROVIDERS[0]]
    # Each stage's part of the price is rounded down.
    assert price - fee - len(commits) < gained <= price - fee
    assert after.total == after.supply
    assert [name for name, _ in stage.actions(Withdraw)].count("provider") == 1
    assert after.named["job vaults"] == 0


def executed(stage: Stage) -> list[int]:
    actions = [action for _, action in stage.actions(Execute)]
    return [action.first for action in actions if isinstance(action, Execute)]


@pytest.mark.parametrize(
    ("losses", "away", "tried"),
    [(1, 0, [0, 1, 2, 3]), (2, 0, [0, 1, 2, 2, 3]), (1, 1, [0, 1, 2, 2, 3])],
    ids=["once", "twice", "away for a while"],
)
def test_attack_38_a_device_lost_in_mid_job_is_resumed_and_charged_once(  # noqa: PLR0917
    tmp_path: Path,
    lose: Lose,
    card: Card,
    losses: int,
    away: int,
    tried: list[int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(stage: Stage) -> None:
        before = await stage.balances()
        provider = slow_provider(stage, RenewingExecutor(card.open))
        everybody = [provider, *stage.verifiers, stage.crank, stage.buyer]
        await stage.play(everybody, lambda: stage.view.job.progress == 2)
        lose(losses)
        card.away = away
        with caplog.at_level(logging.WARNING):
            await stage.play(everybody, stage.ended)
        # What was committed before the loss is not computed again.
        assert executed(stage) == tried
        assert card.opened == 1 + losses
        assert "opening it again" in caplog.text
        assert ("execute refused" in caplog.text) == (len(tried) > 4)
        await check_paid_once(stage, before, everybody)

    on_stage(tmp_path, story)


def test_attack_38_a_process_that_dies_with_its_device_is_resumed_and_charged_once(
    tmp_path: Path, card: Card
) -> None:
    """wgpu-native aborts the process when a submission finds the device lost."""

    async def story(stage: Stage) -> None:
        before = await stage.balances()
        first = slow_provider(stage, RenewingExecutor(card.open))
        others = [*stage.verifiers, stage.crank, stage.buyer]
        await stage.play([first, *others], lambda: stage.view.job.progress == 2)
        second = slow_provider(stage, RenewingExecutor(card.open))
        await stage.play([second, *others], stage.ended)
        assert executed(stage) == [0, 1, 2, 3]
        await check_paid_once(stage, before, [second, *others])

    on_stage(tmp_path, story)

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
from kernels.graph.reference import Executor, execute
from kernels.runtime import Adapter, AdapterUnavailable, GpuExecutor
from tests.keeper.exact.roles.rig import Rig, on_rig
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


def slow_provider(rig: Rig, executor: Executor) -> Provider:
    """So slow on paper that each operator is a stage of its own."""
    provider = rig.provider(executor=executor)
    provider._tools = replace(provider._tools, rate=1)
    return provider


async def check_paid_once(rig: Rig, before: Balances, everybody: Sequence[Role]) -> None:
    """The right result, each stage committed once, and one payment of the price."""
    assert rig.view.job.state is JobState.SETTLED
    assert rig.view.job.lease is not None
    price = rig.view.job.lease.price
    commits = [action for _, action in rig.actions(CommitStage)]
    assert [each.first for each in commits if isinstance(each, CommitStage)] == list(
        range(len(rig.graph.descriptors))
    )
    services = rig.market.services
    traces = TraceFetcher(services.client, services.gateway)
    result = await fetch_result(traces, rig.view, rig.graph)
    assert isinstance(result, np.ndarray)
    assert np.array_equal(result, execute(rig.graph, rig.inputs)[-1])
    rig.buyer.keep.clear()
    await rig.play(everybody, rig.closed)
    after = await rig.balances()
    fee = -(-price * 500 // 10_000)
    gained = after.named[PROVIDERS[0]] - before.named[PROVIDERS[0]]
    # Each stage's part of the price is rounded down.
    assert price - fee - len(commits) < gained <= price - fee
    assert after.total == after.supply
    assert [name for name, _ in rig.actions(Withdraw)].count("provider") == 1
    assert after.named["job vaults"] == 0


def executed(rig: Rig) -> list[int]:
    actions = [action for _, action in rig.actions(Execute)]
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
    async def story(rig: Rig) -> None:
        before = await rig.balances()
        provider = slow_provider(rig, RenewingExecutor(card.open))
        everybody = [provider, *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, lambda: rig.view.job.progress == 2)
        lose(losses)
        card.away = away
        with caplog.at_level(logging.WARNING):
            await rig.play(everybody, rig.ended)
        # What was committed before the loss is not computed again.
        assert executed(rig) == tried
        assert card.opened == 1 + losses
        assert "opening it again" in caplog.text
        assert ("execute refused" in caplog.text) == (len(tried) > 4)
        await check_paid_once(rig, before, everybody)

    on_rig(tmp_path, story)


def test_attack_38_a_process_that_dies_with_its_device_is_resumed_and_charged_once(
    tmp_path: Path, card: Card
) -> None:
    """wgpu-native aborts the process when a submission finds the device lost."""

    async def story(rig: Rig) -> None:
        before = await rig.balances()
        first = slow_provider(rig, RenewingExecutor(card.open))
        others = [*rig.verifiers, rig.crank, rig.buyer]
        await rig.play([first, *others], lambda: rig.view.job.progress == 2)
        second = slow_provider(rig, RenewingExecutor(card.open))
        await rig.play([second, *others], rig.ended)
        assert executed(rig) == [0, 1, 2, 3]
        await check_paid_once(rig, before, [second, *others])

    on_rig(tmp_path, story)

"""Turns on one lane, with a clock that each call moves on by what it costs."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from keeper.compute import ComputeLane, commit_segment
from keeper.scheduling import (
    AdmissionError,
    SharedDevice,
    TenantLane,
    commit_in_slices,
    jain_index,
    slices,
)
from kernels.graph.reference import NumpyExecutor
from tests.keeper.exact.verification.graphs import honest


class Clock:
    """Simulated seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> float:
        self.now += seconds
        return seconds


def shared(work: Callable[[SharedDevice, Clock], object]) -> None:
    async def run() -> None:
        clock = Clock()
        with ComputeLane() as lane:
            found = work(SharedDevice(lane, 1000, clock), clock)
            assert asyncio.iscoroutine(found)
            await found

    asyncio.run(run())


async def busy(tenant: TenantLane, clock: Clock, turn: float, until: float) -> None:
    while clock.now < until:
        await tenant.run(clock.work, turn)


@pytest.mark.parametrize(
    ("turns", "weights"),
    [
        ((1.0, 3.0), (1.0, 1.0)),
        ((0.5, 1.0, 2.0, 4.0), (1.0, 1.0, 1.0, 1.0)),
        ((1.0, 1.0), (1.0, 4.0)),
        ((3.0, 0.1, 1.0), (1.0, 2.0, 5.0)),
    ],
)
def test_time_is_shared_by_weight_whatever_a_turn_takes(
    turns: tuple[float, ...], weights: tuple[float, ...]
) -> None:
    async def work(device: SharedDevice, clock: Clock) -> None:
        tenants = [device.tenant(f"t{n}", weight, 10) for n, weight in enumerate(weights)]
        await asyncio.gather(
            *(busy(*each, 300.0) for each in zip(tenants, [clock] * 9, turns, strict=False))
        )
        shares = [each.served / weight for each, weight in zip(tenants, weights, strict=True)]
        assert jain_index(shares) > 0.99
        assert sum(each.served for each in tenants) == pytest.approx(clock.now)

    shared(work)


def test_what_fails_is_charged_and_the_next_is_served() -> None:
    async def work(device: SharedDevice, clock: Clock) -> None:
        def failing() -> None:
            clock.work(2.0)
            raise ZeroDivisionError

        one, two = device.tenant("one", 1.0, 10), device.tenant("two", 1.0, 10)
        with pytest.raises(ZeroDivisionError):
            await one.run(failing)
        assert await two.run(clock.work, 1.0) == 1.0
        assert (one.served, two.served) == (2.0, 1.0)

    shared(work)


def test_one_that_is_cancelled_while_it_waits_keeps_nobody_up() -> None:
    async def work(device: SharedDevice, clock: Clock) -> None:
        one, two = device.tenant("one", 1.0, 10), device.tenant("two", 1.0, 10)
        waiting = asyncio.create_task(two.run(clock.work, 1.0))
        running = asyncio.create_task(one.run(clock.work, 1.0))
        await asyncio.sleep(0)
        waiting.cancel()
        assert await running == 1.0
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await two.run(clock.work, 1.0) == 1.0

    shared(work)


def test_memory_is_set_apart_and_given_back() -> None:
    async def work(device: SharedDevice, clock: Clock) -> None:
        one = device.tenant("one", 1.0, 600)
        one.admit(600)
        with pytest.raises(AdmissionError, match="free are 400"):
            device.tenant("two", 1.0, 500)
        two = device.tenant("two", 1.0, 400)
        with pytest.raises(AdmissionError, match="its partition has 400"):
            two.admit(401)
        one.leave()
        device.tenant("three", 1.0, 600)

    shared(work)


@pytest.mark.parametrize("budget", [1, 2_000, 1 << 40, None])
def test_slices_are_the_stage_cut_at_operators(budget: int | None) -> None:
    graph, inputs, _ = honest(2)
    whole = range(2, len(graph.descriptors))
    parts = slices(graph, whole, budget)
    assert [at for part in parts for at in part] == list(whole)
    assert len(parts) == (len(whole) if budget == 1 else len(parts))
    assert all(
        len(part) == 1
        or budget is None
        or sum(graph.descriptors[at].multiply_adds for at in part) <= budget
        for part in parts
    )
    executor = NumpyExecutor()
    earlier = executor.execute(graph, inputs)[:2]
    expected = commit_segment(executor, graph, whole, inputs, earlier)

    async def run() -> None:
        with ComputeLane() as lane:
            found = await commit_in_slices(
                lane,
                executor,
                graph,
                operators=whole,
                inputs=inputs,
                earlier=earlier,
                most_macs=budget,
            )
        assert found.roots == expected.roots
        assert all(map(np.array_equal, found.outputs, expected.outputs))

    asyncio.run(run())

"""The batch size follows from time and memory, and every item is run."""

from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.graph import Graph, GraphBuilder
from kernels.runtime import DeviceLimit, GpuExecutor
from kernels.runtime.batching import (
    GROWTH,
    BatchMemory,
    Measurement,
    choose_batch,
    execute_adaptive,
)
from kernels.trace.layout import Array

SMALL = BatchMemory(fixed=0, per_item=1)
ROOM = 1 << 40


def measured(*pairs: tuple[int, float]) -> list[Measurement]:
    return [Measurement(batch, seconds) for batch, seconds in pairs]


def test_nothing_measured_starts_with_one() -> None:
    assert choose_batch([], SMALL, ROOM) == 1


@pytest.mark.parametrize(
    ("pairs", "target", "batch"),
    [
        (((1, 0.1),), 1.0, 4),
        (((4, 0.4), (8, 0.8)), 1.0, 8),
        (((4, 0.4), (8, 0.8)), 1.7, 16),
        (((4, 0.9), (8, 1.0)), 2.0, 32),
        (((4, 1.2), (8, 1.3)), 1.0, 1),
        (((4, 0.5), (8, 0.5)), 1.0, 32),
        (((8, 9.0),), 1.0, 1),
        (((4, 0.8), (8, 0.4)), 1.0, 32),
    ],
)
def test_the_target_decides_where_memory_is_plenty(
    pairs: tuple[tuple[int, float], ...], target: float, batch: int
) -> None:
    assert choose_batch(measured(*pairs), SMALL, ROOM, target) == batch


def test_memory_decides_where_time_is_plenty() -> None:
    memory = BatchMemory(fixed=100, per_item=10)
    assert choose_batch(measured((64, 1e-6)), memory, 100 + 10 * 40) == 32
    assert choose_batch([], memory, 110) == 1
    with pytest.raises(DeviceLimit, match=r"^one item takes 110 bytes of device memory, above 109"):
        choose_batch([], memory, 109)


@given(
    pairs=st.lists(st.tuples(st.integers(1, 1 << 16), st.floats(1e-6, 1e3)), min_size=1),
    fixed=st.integers(0, 1 << 20),
    per_item=st.integers(0, 1 << 20),
    spare=st.integers(0, 1 << 30),
    target=st.floats(1e-3, 10),
)
def test_a_batch_is_a_power_of_two_that_fits(
    pairs: list[tuple[int, float]], fixed: int, per_item: int, spare: int, target: float
) -> None:
    limit = fixed + per_item + spare
    found = choose_batch(measured(*pairs), BatchMemory(fixed, per_item), limit, target)
    assert found & (found - 1) == 0
    assert fixed + found * per_item <= limit
    assert 1 <= found <= GROWTH * max(batch for batch, _ in pairs)


def doubled(batch: int) -> Graph:
    build = GraphBuilder()
    x = build.requantise(build.matmul(build.input((batch, 4)), np.eye(4, dtype=np.int8)), 1, 1)
    build.relu(x)
    return build.build()


@pytest.mark.parametrize("items", [0, 1, 7, 100])
def test_every_item_is_run_once_in_order(gpu: GpuExecutor, items: int) -> None:
    values = np.random.default_rng(items).integers(-128, 128, (1, 1, items, 4), np.int8)
    sizes: list[int] = []
    found: list[Array] = []

    def inputs_of(which: range) -> list[Array]:
        return [values[:, :, which.start : which.stop]]

    # Every run takes half a second, whatever the size of its batch.
    clock = count().__next__
    for which, outputs in execute_adaptive(
        gpu, doubled, inputs_of, items, target_seconds=3, clock=lambda: clock() / 2
    ):
        assert which.start == sum(sizes)
        sizes.append(len(which))
        found.append(outputs[-1])
    assert sum(sizes) == items
    expected = np.maximum((values.astype(np.int32) + 1) >> 1, 0)
    if items:
        np.testing.assert_array_equal(np.concatenate(found, axis=2), expected)
    if items == 100:
        assert sizes[:3] == [1, 4, 16]


def test_the_batch_settles_where_the_target_is_met(gpu: GpuExecutor) -> None:
    running = [0]
    calls = count()

    def inputs_of(which: range) -> list[Array]:
        running[0] = len(which)
        return [np.zeros((1, 1, len(which), 4), np.int8)]

    # A run takes one second per item.
    def clock() -> float:
        return next(calls) % 2 * running[0]

    batches = execute_adaptive(gpu, doubled, inputs_of, 40, target_seconds=9, clock=clock)
    assert [len(which) for which, _ in batches] == [1, 4, 8, 8, 8, 8, 3]


def test_an_item_beyond_the_memory_is_refused(gpu: GpuExecutor) -> None:
    small = GpuExecutor(gpu.adapter, memory_bytes=1000)
    with pytest.raises(DeviceLimit, match=r"^one item takes"):
        next(execute_adaptive(small, doubled, lambda which: [], 4))

"""Requantisation against Python's unbounded integers."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, Value
from kernels.graph.reference import Executor
from kernels.trace import DType
from tests.kernels.running import one, run

SUMS = np.array(
    [[-(2**31), -(2**31) + 1, -65537, -3, -2, -1, 0, 1, 2, 3, 65535, 2**30, 2**31 - 1]], np.int32
)


def by_formula(
    value: int, multiplier: int, shift: int, zero_point: int, dtype: DType = DType.INT8
) -> int:
    rounded = (value * multiplier + (1 << (shift - 1))) // (1 << shift)
    return max(dtype.low, min(dtype.high, zero_point + rounded))


@pytest.mark.parametrize("multiplier", [1, 3, 2**15, 2**16 - 1, 2**16, 2**30, 2**31 - 1])
@pytest.mark.parametrize("zero_point", [-128, 0, 127])
@pytest.mark.parametrize("shift", [1, 2, 16, 31, 32, 33, 34, 47, 61, 62])
def test_extremes_of_every_field(
    executor: Executor, multiplier: int, zero_point: int, shift: int
) -> None:
    def scaled(build: GraphBuilder, x: Value) -> Value:
        narrow = build.requantise(x, multiplier, shift, zero_point_out=zero_point)
        build.requantise(x, multiplier, shift, zero_point_out=zero_point, dtype=DType.INT32)
        return narrow

    graph = one(scaled, SUMS.shape, DType.INT32)
    outputs = executor.execute(graph, [SUMS.reshape(graph.inputs[0].shape)])
    for dtype, found in zip((DType.INT8, DType.INT32), outputs, strict=True):
        expected = [by_formula(int(x), multiplier, shift, zero_point, dtype) for x in SUMS[0]]
        assert found.dtype == dtype.numpy
        assert found.reshape(-1).tolist() == expected


@pytest.mark.parametrize(("value", "expected"), [(1, 1), (-1, 0), (3, 2), (-3, -1)])
def test_halves_are_rounded_up(executor: Executor, value: int, expected: int) -> None:
    found = run(executor, lambda build, x: build.requantise(x, 1, 1), np.array([value], np.int32))
    assert found.item() == expected


def test_each_channel_has_its_own_scale(executor: Executor) -> None:
    x = np.full((2, 3), 100, np.int32)
    multipliers, shifts = np.array([1, 3, 2**31 - 1]), np.array([1, 2, 35])
    found = run(executor, lambda build, value: build.requantise(value, multipliers, shifts), x)
    assert found.reshape(2, 3).tolist() == [[50, 75, 6]] * 2


def test_clamp_is_narrower_than_int8(executor: Executor) -> None:
    found = run(executor, lambda build, x: build.requantise(x, 1, 1, clamp=(-3, 5)), SUMS)
    assert found.min() == -3
    assert found.max() == 5

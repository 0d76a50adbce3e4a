"""Softmax against its formula in plain integers, and against the real function."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.exact.softmax.operator import power, softmax
from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from kernels.trace import DType
from tests.kernels.running import run

EXTREMES = [-(2**31), -(2**31) + 1, -1, 0, 1, 2**31 - 1]


def by_formula(row: list[int], multiplier: int, shift: int) -> list[int]:
    powers = []
    for value in row:
        t = min((max(row) - value) * multiplier // 2**shift, 32767)
        z, f = divmod(t, 1024)
        inner = 15200 - (f * 2632) // 1024
        outer = 45341 - (f * inner) // 1024
        powers.append((65536 - (f * outer) // 1024) // 2**z)
    total = sum(powers)
    return [min((256 * each + total // 2) // total - 128, 127) for each in powers]


@given(
    st.lists(st.integers(-(2**31), 2**31 - 1) | st.sampled_from(EXTREMES), min_size=1, max_size=9),
    st.integers(1, 2**31 - 1) | st.sampled_from([1, 2**31 - 1]),
    st.integers(1, 62),
)
def test_every_row_follows_the_formula(row: list[int], multiplier: int, shift: int) -> None:
    found = softmax(np.array(row, np.int32), multiplier, shift)
    assert found.tolist() == by_formula(row, multiplier, shift)


@pytest.mark.parametrize("multiplier", [1, 2**30 + 7, 2**31 - 1])
@pytest.mark.parametrize("shift", [1, 20, 31, 32, 33, 62])
def test_extremes_follow_the_formula(executor: Executor, multiplier: int, shift: int) -> None:
    rows = np.array([EXTREMES, EXTREMES[::-1], [5] * 6], np.int32)
    found = run(executor, lambda build, x: build.softmax(x, multiplier, shift), rows)
    expected = [by_formula(row, multiplier, shift) for row in rows.tolist()]
    assert found.reshape(rows.shape).tolist() == expected


@pytest.mark.parametrize("width", [1, 2, 3, 65, 2048])
def test_rows_of_every_width_follow_the_formula(executor: Executor, width: int) -> None:
    rows = np.random.default_rng(width).integers(-128, 128, (5, width)).astype(np.int8)
    found = run(executor, lambda build, x: build.softmax(x, 1_518_500_250, 24), rows)
    expected = [by_formula(row, 1_518_500_250, 24) for row in rows.tolist()]
    assert found.reshape(rows.shape).tolist() == expected


def test_power_is_near_the_real_one() -> None:
    exponents = np.arange(32768, dtype=np.int32)
    real = 65536.0 * 2.0 ** -(exponents / 1024)
    # 5 of the cubic and one of the floor
    assert np.abs(power(exponents) - real).max() <= 6


def test_probabilities_are_near_the_real_ones() -> None:
    scale = 0.05
    rows = np.random.default_rng(1).integers(-128, 128, (50, 200)).astype(np.int8)
    found = (softmax(rows, round(1024 * scale / np.log(2) * 2**20), 20) + 128.0) / 256
    real = np.exp(rows * scale)
    real /= real.sum(axis=1, keepdims=True)
    assert np.abs(found - real).max() < 1 / 256


def test_a_row_longer_than_the_referee_reads_is_refused() -> None:
    build = GraphBuilder()
    build.softmax(build.input((1, 8192)), 1, 1)
    with pytest.raises(GraphError) as caught:
        build.softmax(build.input((1, 2049), DType.INT32), 1, 1)
    assert caught.value.reason is Reason.OPERAND_LIMIT
    assert len(build.build().descriptors) == 1

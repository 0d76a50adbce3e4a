"""Layer normalisation against its formula in plain integers, and against the real function."""

from math import isqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.exact.layer_norm.operator import layer_norm, root
from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from kernels.trace import DType

INT32 = st.integers(-(2**31), 2**31 - 1)
SPREADS = [1, 2, 300, 32768, 2**31]


def wrap(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def by_formula(row: list[int], gamma: list[int], beta: list[int], shift: int) -> list[int]:
    cut = [max(-32768, min(32767, value)) for value in row]
    mean = (sum(cut) + len(cut) // 2) // len(cut)
    distances = [value - mean for value in cut]
    squares = sum(distance**2 for distance in distances)
    inverse = 2**39 // max(1, isqrt(squares * 2**16)) if squares else 0
    normal = [(distance * inverse + 2**10) // 2**11 for distance in distances]
    return [
        wrap((n * g + 2 ** (shift - 1)) // 2**shift + b)
        for n, g, b in zip(normal, gamma, beta, strict=True)
    ]


@given(st.data())
def test_every_row_follows_the_formula(data: st.DataObject) -> None:
    spread, size = data.draw(st.sampled_from(SPREADS)), data.draw(st.integers(1, 9))
    values = st.integers(-spread, spread - 1)
    row = data.draw(st.lists(values, min_size=size, max_size=size))
    gamma, beta = (data.draw(st.lists(INT32, min_size=size, max_size=size)) for _ in range(2))
    shift = data.draw(st.integers(1, 62))
    found = layer_norm(np.array(row), np.array(gamma), np.array(beta), shift)
    assert found.tolist() == by_formula(row, gamma, beta, shift)


@pytest.mark.parametrize("width", [1, 2, 5, 65, 1984])
@pytest.mark.parametrize("spread", SPREADS)
def test_rows_of_every_width_follow_the_formula(
    executor: Executor, width: int, spread: int
) -> None:
    random = np.random.default_rng(width)
    rows = random.integers(-spread, spread, (3, width)).astype(np.int32)
    rows[1] = rows[1, 0]
    rows[2, : width // 2] = -spread
    gamma, beta = random.integers(-(2**31), 2**31, (2, width)).astype(np.int32)
    shifts = (1, 32, 40, 62)
    build = GraphBuilder()
    x = build.input(rows.shape, DType.INT32)
    for shift in shifts:
        build.layer_norm(x, gamma, beta, shift)
    outputs = executor.execute(build.build(), [rows.reshape(1, 1, 3, width)])
    for shift, found in zip(shifts, outputs, strict=True):
        expected = [by_formula(row, gamma.tolist(), beta.tolist(), shift) for row in rows.tolist()]
        assert found.reshape(rows.shape).tolist() == expected


@given(st.integers(0, 2**62 - 1) | st.integers(0, 2**31 - 1).map(lambda value: value**2 - 1))
def test_root_is_the_floor(value: int) -> None:
    assert root(np.array([max(value, 0)])).tolist() == [isqrt(max(value, 0))]


def test_result_is_near_the_real_one() -> None:
    random = np.random.default_rng(4)
    rows = random.integers(-8000, 8000, (40, 384)).astype(np.int32)
    gamma, beta, scale = random.uniform(-2, 2, 384), random.uniform(-1, 1, 384), 1 / 1000
    factors = np.round(gamma * np.sqrt(384) / 2**20 / scale * 2**30).astype(np.int32)
    offsets = np.round(beta / scale).astype(np.int32)
    found = layer_norm(rows, factors, offsets, 30) * scale
    real = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)
    assert np.abs(found - (real * gamma + beta)).max() < 2 * scale


def test_a_row_longer_than_the_referee_reads_is_refused() -> None:
    build = GraphBuilder()
    ones = np.ones(1985, np.int32)
    build.layer_norm(build.input((1, 1984), DType.INT32), ones[1:], ones[1:], 1)
    with pytest.raises(GraphError) as caught:
        build.layer_norm(build.input((1, 1985), DType.INT32), ones, ones, 1)
    assert caught.value.reason is Reason.OPERAND_LIMIT
    assert len(build.build().descriptors) == 1

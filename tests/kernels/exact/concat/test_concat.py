"""Concatenation along each axis."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from kernels.trace import DType
from tests.kernels.running import run


@pytest.mark.parametrize("dtype", DType)
@pytest.mark.parametrize("axis", range(4))
def test_b_follows_a(executor: Executor, dtype: DType, axis: int) -> None:
    random = np.random.default_rng(axis)
    shape = [2, 3, 2, 5]
    a = random.integers(dtype.low, dtype.high, shape).astype(dtype.numpy)
    shape[axis] = 4
    b = random.integers(dtype.low, dtype.high, shape).astype(dtype.numpy)
    found = run(executor, lambda build, x: build.concat(x, b, axis), a)
    np.testing.assert_array_equal(found, np.concatenate([a, b], axis))


@pytest.mark.parametrize(
    ("shape", "axis", "reason"),
    [((1, 1, 2, 3), 4, Reason.BAD_VALUE), ((1, 1, 2, 3), 3, Reason.BAD_SHAPE)],
)
def test_what_does_not_fit_is_refused(shape: tuple[int, ...], axis: int, reason: Reason) -> None:
    build = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        build.concat(build.input((3, 3)), np.zeros(shape, np.int8), axis)
    assert caught.value.reason is reason

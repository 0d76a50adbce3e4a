"""Row sums wrap."""

import numpy as np
import pytest

from kernels.graph.reference import Executor
from kernels.trace import DType
from tests.kernels.running import run


@pytest.mark.parametrize("dtype", DType)
@pytest.mark.parametrize("width", [1, 2, 3, 257, 2048])
def test_sum_of_each_row(executor: Executor, dtype: DType, width: int) -> None:
    random = np.random.default_rng(width)
    x = random.integers(dtype.low, dtype.high, (2, 3, 1, width), endpoint=True)
    found = run(executor, lambda build, value: build.reduce_sum(value), x.astype(dtype.numpy))
    np.testing.assert_array_equal(found, x.sum(axis=3, keepdims=True).astype(np.int32))


def test_a_sum_of_int32_wraps(executor: Executor) -> None:
    x = np.array([[2**31 - 1, 1], [-(2**31), -1]], np.int32)
    found = run(executor, lambda build, value: build.reduce_sum(value), x)
    assert found.reshape(-1).tolist() == [-(2**31), 2**31 - 1]

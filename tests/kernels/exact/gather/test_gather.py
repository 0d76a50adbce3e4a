"""Rows of a table by index; indices outside the table are clamped."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from kernels.trace import DType
from tests.kernels.running import run

INDICES = np.array([0, 3, 2, 4, 5, -1, -(2**31), 2**31 - 1], np.int32).reshape(2, 2, 2, 1)


@pytest.mark.parametrize("dtype", DType)
@pytest.mark.parametrize("width", [1, 2, 3, 6])
def test_indices_are_clamped_to_the_table(executor: Executor, dtype: DType, width: int) -> None:
    table = np.arange(5 * width).reshape(5, width).astype(dtype.numpy)
    found = run(executor, lambda build, x: build.gather(x, table), INDICES)
    assert found.dtype == dtype.numpy
    np.testing.assert_array_equal(found, table[[0, 3, 2, 4, 4, 0, 0, 4]].reshape(2, 2, 2, width))


def test_indices_lie_in_one_column() -> None:
    build = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        build.gather(build.input((2, 3), DType.INT32), np.zeros((4, 5), np.int8))
    assert caught.value.reason is Reason.BAD_SHAPE

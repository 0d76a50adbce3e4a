"""The sum wraps and is broadcast."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from kernels.trace import DType
from tests.kernels.running import run


def test_sum_wraps_in_both_directions(executor: Executor) -> None:
    x = np.array([[2**31 - 1, -(2**31), 5]], np.int32)
    other = np.array([[1, -1, -7]], np.int32)
    found = run(executor, lambda build, value: build.add(value, other), x)
    assert found.reshape(-1).tolist() == [-(2**31), 2**31 - 1, -2]


def test_tensor_added_to_itself(executor: Executor) -> None:
    x = np.arange(-6, 6, dtype=np.int32).reshape(4, 3)
    found = run(executor, lambda build, value: build.add(value, value), x)
    np.testing.assert_array_equal(found[0, 0], 2 * x)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 1, 5), (2, 1, 4, 1), (1, 1, 1, 5)])
def test_axes_of_one_are_broadcast(executor: Executor, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(sum(shape))
    x = random.integers(-(2**30), 2**30, (2, 3, 4, 5)).astype(np.int32)
    other = random.integers(-(2**30), 2**30, shape).astype(np.int32)
    found = run(executor, lambda build, value: build.add(value, other), x)
    np.testing.assert_array_equal(found, x + other)


def test_the_first_operand_is_not_broadcast() -> None:
    build = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        build.add(build.input((1, 3), DType.INT32), np.zeros((2, 3), np.int32))
    assert caught.value.reason is Reason.BAD_SHAPE

"""The wrapping sum."""

import numpy as np

from kernels.exact.reference import Executor
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

"""Relu clamps in both dtypes."""

import numpy as np
import pytest

from kernels.graph.reference import Executor
from kernels.trace import DType
from tests.kernels.running import run


@pytest.mark.parametrize("dtype", DType)
def test_negative_values_become_zero(executor: Executor, dtype: DType) -> None:
    x = np.array([[dtype.low, -1, 0, 1, dtype.high]], dtype.numpy)
    found = run(executor, lambda build, value: build.relu(value), x)
    assert found.reshape(-1).tolist() == [0, 0, 0, 1, dtype.high]


@pytest.mark.parametrize("dtype", DType)
def test_range_without_zero_leaves_padding_zero(executor: Executor, dtype: DType) -> None:
    x = np.zeros((3, 3), dtype.numpy)
    found = run(executor, lambda build, value: build.relu(build.relu(value, 7, 9), 2, 9), x)
    assert (found == 7).all()

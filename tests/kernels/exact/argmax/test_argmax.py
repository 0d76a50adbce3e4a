"""Argmax gives the lowest index on ties."""

import numpy as np
import pytest

from kernels.graph.reference import Executor
from kernels.trace import DType
from tests.kernels.running import run


@pytest.mark.parametrize("dtype", DType)
def test_lowest_index_wins_a_tie(executor: Executor, dtype: DType) -> None:
    low, high = dtype.low, dtype.high
    x = np.array([[low, low, low], [0, high, high], [-1, low, -1], [1, 2, 3]], dtype.numpy)
    found = run(executor, lambda build, value: build.argmax(value), x)
    assert found.shape == (1, 1, 4, 1)
    assert found.reshape(-1).tolist() == [0, 1, 0, 2]


def test_single_column_is_index_zero(executor: Executor) -> None:
    found = run(executor, lambda build, value: build.argmax(value), np.array([[-5], [9]], np.int8))
    assert found.reshape(-1).tolist() == [0, 0]

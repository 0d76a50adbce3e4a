"""The table look-up reads entry x + 128."""

import numpy as np

from kernels.graph.reference import Executor
from tests.kernels.running import run


def test_table_is_indexed_by_x_plus_128(executor: Executor) -> None:
    x = np.arange(-128, 128).astype(np.int8).reshape(4, 64)
    table = np.arange(256).astype(np.uint8).view(np.int8)[::-1]
    found = run(executor, lambda build, value: build.lookup(value, table), x)
    np.testing.assert_array_equal(found.reshape(-1), table)


def test_entry_for_zero_does_not_reach_the_padding(executor: Executor) -> None:
    first, second = np.full(256, 99, np.int8), np.full(256, -1, np.int8)
    found = run(
        executor,
        lambda build, value: build.lookup(build.lookup(value, first), second),
        np.zeros((5, 3), np.int8),
    )
    assert (found == -1).all()

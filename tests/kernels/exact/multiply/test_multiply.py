"""Element-wise products with zero points and broadcasting."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from tests.kernels.running import run


@pytest.mark.parametrize(
    "shape", [(2, 3, 4, 5), (1, 1, 1, 1), (1, 3, 1, 5), (2, 1, 4, 1), (1, 1, 1, 5)]
)
def test_product_is_broadcast(executor: Executor, shape: tuple[int, int, int, int]) -> None:
    random = np.random.default_rng(sum(shape))
    a = random.integers(-128, 128, (2, 3, 4, 5)).astype(np.int8)
    b = random.integers(-128, 128, shape).astype(np.int8)
    found = run(
        executor,
        lambda build, x: build.multiply(x, b, zero_point_a=127, zero_point_b=-128),
        a,
    )
    np.testing.assert_array_equal(found, (a.astype(np.int32) - 127) * (b.astype(np.int32) + 128))


@pytest.mark.parametrize("shape", [(1, 1, 2, 5), (2, 3, 4, 4)])
def test_an_axis_that_is_neither_equal_nor_one_is_refused(shape: tuple[int, ...]) -> None:
    build = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        build.multiply(build.input((2, 3, 4, 5)), np.ones(shape, np.int8))
    assert caught.value.reason is Reason.BAD_SHAPE

"""Strided reads equal NumPy's transpose, reshape, slice and broadcast."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, GraphError, InputKind, Reason
from kernels.graph.reference import Executor
from kernels.trace import DType
from kernels.trace.layout import Array
from tests.kernels.running import run


def numbers(dtype: DType) -> Array:
    return np.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7).astype(dtype.numpy)


@pytest.mark.parametrize("dtype", DType)
@pytest.mark.parametrize("order", [(0, 1, 3, 2), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_transpose(executor: Executor, dtype: DType, order: tuple[int, int, int, int]) -> None:
    x = numbers(dtype)
    found = run(executor, lambda build, value: build.transpose(value, order), x)
    np.testing.assert_array_equal(found, x.transpose(order))


@pytest.mark.parametrize("dtype", DType)
def test_reshape(executor: Executor, dtype: DType) -> None:
    x = numbers(dtype)
    found = run(executor, lambda build, value: build.reshape(value, (6, 35)), x)
    np.testing.assert_array_equal(found, x.reshape(1, 1, 6, 35))


@pytest.mark.parametrize("dtype", DType)
def test_slice(executor: Executor, dtype: DType) -> None:
    x = numbers(dtype)
    found = run(
        executor,
        lambda build, value: build.slice(value, (1, 0, 1, 2), (1, 2, 3, 2), (1, 2, 1, 3)),
        x,
    )
    np.testing.assert_array_equal(found, x[1:2, 0:3:2, 1:4, 2:6:3])


@pytest.mark.parametrize("dtype", DType)
def test_a_step_of_zero_repeats(executor: Executor, dtype: DType) -> None:
    x = numbers(dtype)
    found = run(
        executor, lambda build, value: build.as_strided(value, (2, 3, 4), (0, 35, 1), 105), x
    )
    np.testing.assert_array_equal(found[0], np.broadcast_to(x[1, :, 0, :4], (2, 3, 4)))


def test_what_moves_no_byte_appends_nothing() -> None:
    build = GraphBuilder()
    x = build.relu(build.input((2, 1, 5, 8)))
    for value, shape in [
        (build.reshape(x, (1, 2, 5, 8)), (1, 2, 5, 8)),
        (build.reshape(x, (5, 16)), (1, 1, 5, 16)),
        (build.transpose(x, (1, 0, 2, 3)), (1, 2, 5, 8)),
        (build.slice(x, (0, 0, 0, 0), (2, 1, 5, 8)), (2, 1, 5, 8)),
    ]:
        assert value.source == x.source
        assert value.spec.shape == shape
    assert build.transpose(x, (0, 1, 3, 2)).source.kind is InputKind.OPERATOR_OUTPUT
    assert len(build.build().descriptors) == 2


def test_the_last_element_may_be_read_and_none_after_it() -> None:
    build = GraphBuilder()
    x = build.input((2, 3))
    build.as_strided(x, (2,), (5,))
    for shape, steps, offset in [((2,), (5,), 1), ((2,), (6,), 0), ((3,), (2**31,), 0)]:
        with pytest.raises(GraphError) as caught:
            build.as_strided(x, shape, steps, offset)
        assert caught.value.reason is Reason.BAD_VALUE
    with pytest.raises(GraphError) as caught:
        build.slice(x, (0, 0, 0, 2), (1, 1, 2, 2))
    assert caught.value.reason is Reason.BAD_VALUE
    with pytest.raises(GraphError) as caught:
        build.reshape(x, (7,))
    assert caught.value.reason is Reason.BAD_SHAPE
    with pytest.raises(GraphError) as caught:
        build.transpose(x, (0, 1, 2, 2))
    assert caught.value.reason is Reason.BAD_SHAPE
    with pytest.raises(GraphError) as caught:
        build.as_strided(x, (2,), (1, 1))
    assert caught.value.reason is Reason.BAD_SHAPE
    assert len(build.build().descriptors) == 1

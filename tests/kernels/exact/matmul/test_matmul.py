"""Int8 matrix product against exact integers."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from tests.kernels.running import run


@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (3, 5, 2), (7, 9, 129), (6, 10, 300)])
def test_product_is_exact(executor: Executor, m: int, n: int, k: int) -> None:
    random = np.random.default_rng(k)
    a = random.integers(-128, 128, (m, k)).astype(np.int8)
    b = random.integers(-128, 128, (n, k)).astype(np.int8)
    found = run(executor, lambda build, x: build.matmul(x, b), a)
    np.testing.assert_array_equal(found[0, 0], a.astype(np.int64) @ b.astype(np.int64).T)


def test_largest_sum_at_the_limit(executor: Executor) -> None:
    a = np.full((2, 4096), -128, np.int8)
    found = run(executor, lambda build, x: build.matmul(x, a), a)
    assert (found == 4096 * 128 * 128).all()


def test_bias_makes_the_sum_wrap(executor: Executor) -> None:
    a = np.full((1, 1), 127, np.int8)
    bias = np.array([2**31 - 1], np.int32)
    found = run(executor, lambda build, x: build.matmul(x, a, bias), a)
    assert found.item() == 2**31 - 1 + 127 * 127 - 2**32


def test_bias_takes_its_bytes_from_the_limit() -> None:
    build = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        build.matmul(build.input((1, 4096)), np.ones((1, 4096), np.int8), np.zeros(1, np.int32))
    assert caught.value.reason is Reason.OPERAND_LIMIT


@pytest.mark.parametrize("m", [1, 3, 4, 9])
def test_a_batch_has_a_product_for_each_matrix(executor: Executor, m: int) -> None:
    random = np.random.default_rng(m)
    a = random.integers(-128, 128, (2, 3, m, 70)).astype(np.int8)
    b = random.integers(-128, 128, (2, 3, 6, 70)).astype(np.int8)
    bias = random.integers(-(2**31), 2**31, 6).astype(np.int32)
    found = run(executor, lambda build, x: build.matmul(x, b, bias), a)
    products = a.astype(np.int64) @ b.astype(np.int64).swapaxes(2, 3) + bias
    np.testing.assert_array_equal(found, products.astype(np.int32))


def test_one_b_serves_all_matrices(executor: Executor) -> None:
    random = np.random.default_rng(8)
    a = random.integers(-128, 128, (2, 3, 5, 9)).astype(np.int8)
    b = random.integers(-128, 128, (7, 9)).astype(np.int8)
    found = run(executor, lambda build, x: build.matmul(x, b), a)
    np.testing.assert_array_equal(found, a.astype(np.int64) @ b.astype(np.int64).T)


def test_a_batch_of_another_size_is_refused() -> None:
    build = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        build.matmul(build.input((2, 3, 5, 9)), np.ones((2, 1, 7, 9), np.int8))
    assert caught.value.reason is Reason.BAD_SHAPE

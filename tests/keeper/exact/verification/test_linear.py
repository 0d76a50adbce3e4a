import numpy as np

from keeper.exact.verification import CheckCost
from keeper.exact.verification.field import random_elements
from keeper.exact.verification.linear import Claim, hold, is_worth_checking, may_wrap
from kernels.graph import GraphBuilder
from kernels.graph.reference import evaluate
from kernels.trace.layout import Array


def product(rows: int, inner: int, largest_bias: int | None) -> Claim:
    """A matrix product of 40 columns whose bias has one large element."""
    build, rng = GraphBuilder(), np.random.default_rng(9)
    a, b = (rng.integers(-128, 128, (1, 1, n, inner), np.int8) for n in (rows, 40))
    extra: list[Array] = []
    if largest_bias is not None:
        extra.append(np.zeros(40, np.int32))
        extra[0][17] = largest_bias
    build.matmul(build.input((rows, inner)), b, *extra)
    descriptor, reads = build.build().descriptors[0], [a, b, *extra]
    return Claim(0, descriptor, reads, evaluate(descriptor, reads))


def test_nothing_is_checked_that_is_recomputed_as_cheaply() -> None:
    assert not is_worth_checking(product(3, 64, None).descriptor)
    assert is_worth_checking(product(64, 64, None).descriptor)
    build = GraphBuilder()
    build.relu(build.input((64, 64)))
    assert not is_worth_checking(build.build().descriptors[0])


def test_only_a_bias_that_could_wrap_keeps_an_operator_out_of_the_fold() -> None:
    largest = (1 << 31) - 1 - 64 * 255 * 128
    assert not may_wrap(product(8, 64, None))
    assert not may_wrap(product(8, 64, largest))
    assert not may_wrap(product(8, 64, -largest))
    assert may_wrap(product(8, 64, largest + 1))
    assert may_wrap(product(8, 64, -(1 << 31)))


def test_claims_hold_together_or_not() -> None:
    cost = CheckCost()
    right = product(64, 64, 5)
    wrong = product(32, 32, None)
    assert hold([], random_elements, cost)
    assert cost.folded == 0
    assert hold([right, wrong], random_elements, cost)
    wrong.out[0, 0, 31, 39] += 1
    assert not hold([right, wrong], random_elements, cost)
    assert cost.folded == 4

"""Each way to check is driven on its own, so that a wrong choice cannot hide a wrong check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.exact.verification import CheckCost
from keeper.exact.verification.field import PRIME, Elements, random_elements
from keeper.exact.verification.freivalds import (
    Fold,
    batch_macs,
    channel_macs,
    fold_length,
    fold_macs,
    matmul_macs,
)
from kernels.graph import Descriptor, GraphBuilder
from kernels.graph.reference import evaluate
from kernels.trace.layout import Array

RNG = np.random.default_rng(3)


@dataclass(frozen=True)
class Case:
    """A descriptor, what it reads, and the right output."""

    descriptor: Descriptor
    reads: list[Array]
    right: Array

    def changed(self, element: int, delta: int) -> Array:
        """The output with one element wrong."""
        wrong = self.right.copy()
        wrong.reshape(-1)[element % wrong.size] ^= delta
        return wrong


def int8(*shape: int) -> Array:
    return RNG.integers(-128, 128, shape, np.int8)


def int32(*shape: int) -> Array:
    return RNG.integers(-(2**20), 2**20, shape, np.int32)


def convolution(images: int, channels: int) -> Case:
    build = GraphBuilder()
    x, weights, bias = int8(images, 8, 8, 16), int8(channels, 3, 3, 16), int32(channels)
    build.convolution(
        build.input((images, 8, 8, 16)),
        weights,
        bias,
        stride=(2, 1),
        padding=(1, 2, 1, 0),
        pad_value=3,
        zero_point_in=-7,
    )
    return _case(build, [x, weights, bias])


def matmul(m: int, k: int, n: int, *, bias: bool = True) -> Case:
    build = GraphBuilder()
    extra = [int32(n)] if bias else []
    weights = int8(n, k)
    build.matmul(build.input((m, k)), weights, *extra)
    return _case(build, [int8(m, k), weights, *extra])


def batched(heads: int, m: int, k: int, n: int) -> Case:
    build = GraphBuilder()
    a, b, bias = int8(2, heads, m, k), int8(2, heads, n, k), int32(n)
    build.matmul(build.input(a.shape), build.input(b.shape), bias)
    return _case(build, [a, b, bias])


def _case(build: GraphBuilder, reads: Sequence[Array]) -> Case:
    descriptor = build.build().descriptors[0]
    shaped = [
        read.reshape(shape) for read, shape in zip(reads, descriptor.input_shapes, strict=False)
    ]
    return Case(descriptor, shaped, evaluate(descriptor, shaped))


def by_batch(fold: Fold, case: Case, out: Array) -> None:
    fold.add_convolution_by_batch(case.descriptor, case.reads, out)


def by_channel(fold: Fold, case: Case, out: Array) -> None:
    fold.add_convolution_by_channel(case.descriptor, case.reads, out)


def by_row(fold: Fold, case: Case, out: Array) -> None:
    fold.add_matmul(case.reads, out)


@pytest.mark.parametrize(
    ("add", "bound", "case"),
    [
        (by_batch, batch_macs, convolution(5, 12)),
        (by_channel, channel_macs, convolution(5, 12)),
        (by_row, matmul_macs, matmul(40, 50, 30)),
        (by_row, matmul_macs, matmul(40, 50, 30, bias=False)),
        (by_row, matmul_macs, batched(3, 40, 50, 30)),
    ],
)
def test_a_check_accepts_right_and_rejects_wrong(
    add: Callable[[Fold, Case, Array], None], bound: Callable[[Descriptor], int], case: Case
) -> None:
    cost = CheckCost()
    fold = Fold(case.right.size, random_elements, cost)
    add(fold, case, case.right)
    assert fold.holds()
    assert 0 < cost.macs <= bound(case.descriptor)
    for element in (0, case.right.size // 2, case.right.size - 1):
        fold = Fold(case.right.size, random_elements, CheckCost())
        add(fold, case, case.changed(element, 1))
        assert not fold.holds()


CASES = [
    matmul(40, 50, 30),
    convolution(64, 8),
    convolution(1, 64),
    matmul(3, 90, 200, bias=False),
    matmul(120, 7, 5),
    batched(2, 9, 20, 17),
]


def folded(outputs: Sequence[Array], randomness: Callable[[int], Elements]) -> bool:
    longest = max(fold_length(case.descriptor) for case in CASES)
    fold = Fold(longest, randomness, CheckCost())
    for case, out in zip(CASES, outputs, strict=True):
        fold.add(case.descriptor, case.reads, out)
    return fold.holds()


def test_all_operators_pass_one_fold() -> None:
    assert folded([case.right for case in CASES], random_elements)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, len(CASES) - 1), st.integers(0, 2**20), st.integers(1, 2**31 - 1))
def test_one_wrong_element_anywhere_fails_the_fold(wrong: int, element: int, delta: int) -> None:
    outputs = [case.right for case in CASES]
    outputs[wrong] = CASES[wrong].changed(element, delta)
    assert not folded(outputs, random_elements)


def test_errors_of_two_operators_do_not_cancel() -> None:
    """Opposite errors at one coordinate pass only if both have one vector."""
    case = matmul(6, 40, 40, bias=False)
    more, less = case.right.copy(), case.right.copy()
    more[0, 0, 2, 3] += 5
    less[0, 0, 2, 3] -= 5
    shared = random_elements(40)
    for randomness, passes in ((random_elements, False), (lambda _: shared, True)):
        fold = Fold(6, randomness, CheckCost())
        for out in (more, less):
            fold.add(case.descriptor, case.reads, out)
        assert fold.holds() is passes


def test_errors_of_two_products_of_a_batch_do_not_cancel() -> None:
    case = batched(2, 6, 40, 40)
    wrong = case.right.copy()
    wrong[0, 0, 2, 3] += 5
    wrong[1, 1, 2, 3] -= 5
    fold = Fold(fold_length(case.descriptor), random_elements, CheckCost())
    fold.add(case.descriptor, case.reads, wrong)
    assert fold_length(case.descriptor) == 6
    assert not fold.holds()


def test_exactly_one_value_of_a_random_element_hides_an_error() -> None:
    """The bound 1/p: with all else fixed, the residue is a line in that element."""
    case = matmul(1, 40, 8, bias=False)
    other = random_elements(8)
    wrong = case.right.copy()
    wrong[0, 0, 0, 2] += 12_345
    wrong[0, 0, 0, 5] -= 7

    def passes(element: int) -> bool:
        vector = other.copy()
        vector[2] = element
        fold = Fold(1, lambda _: vector, CheckCost())
        fold.add(case.descriptor, case.reads, wrong)
        return fold.holds()

    root = 7 * int(other[5]) * pow(12_345, -1, PRIME) % PRIME
    assert passes(root)
    assert not any(map(passes, ((root + 1) % PRIME, (root - 1) % PRIME, 0, int(other[2]))))


def test_an_estimate_bounds_what_a_fold_takes() -> None:
    for case in CASES:
        cost = CheckCost()
        fold = Fold(fold_length(case.descriptor), random_elements, cost)
        fold.add(case.descriptor, case.reads, case.right)
        assert cost.macs <= fold_macs(case.descriptor)


def test_the_cheaper_way_of_a_convolution_is_taken() -> None:
    many, one = convolution(64, 32).descriptor, convolution(1, 64).descriptor
    assert fold_macs(many) == batch_macs(many) < channel_macs(many)
    assert fold_macs(one) == channel_macs(one) < batch_macs(one)
    assert (fold_length(many), fold_length(one)) == (4 * 8 * 32, 4 * 8)


def test_an_operator_that_is_not_linear_is_refused() -> None:
    build = GraphBuilder()
    build.relu(build.input((3, 4)))
    descriptor = build.build().descriptors[0]
    cost = CheckCost()
    fold = Fold(3, random_elements, cost)
    message = "^the output of relu is not linear in its first input$"
    for refused in (
        lambda: fold.add(descriptor, [int8(1, 1, 3, 4)], int8(1, 1, 3, 4)),
        lambda: fold_macs(descriptor),
        lambda: fold_length(descriptor),
    ):
        with pytest.raises(ValueError, match=message):
            refused()
    assert cost.macs == 0
    assert fold.holds()

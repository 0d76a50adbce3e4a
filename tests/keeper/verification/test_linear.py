"""Each strategy is checked on its own, so that a wrong choice cannot hide a wrong check."""

import numpy as np
import pytest

from keeper.verification import CheckCost
from keeper.verification.field import random_elements
from keeper.verification.freivalds import (
    batch_macs,
    channel_macs,
    convolution_holds_by_batch,
    convolution_holds_by_channel,
    matmul_holds,
    matmul_macs,
)
from keeper.verification.linear import linear_operator_holds
from kernels.graph import Descriptor, GraphBuilder, Window
from kernels.reference import evaluate
from kernels.trace.layout import Array

RNG = np.random.default_rng(3)


def convolution(images: int, channels: int) -> tuple[Descriptor, list[Array]]:
    build = GraphBuilder()
    x = build.input((images, 8, 8, 16))
    weights = RNG.integers(-128, 128, (channels, 3, 3, 16), np.int8)
    bias = RNG.integers(-(2**20), 2**20, channels, np.int32)
    build.convolution(
        x, weights, bias, stride=(2, 1), padding=(1, 2, 1, 0), pad_value=3, zero_point_in=-7
    )
    return build.build().descriptors[0], [
        RNG.integers(-128, 128, (images, 8, 8, 16), np.int8),
        weights,
        bias,
    ]


@pytest.mark.parametrize(
    ("holds", "bound"),
    [(convolution_holds_by_batch, batch_macs), (convolution_holds_by_channel, channel_macs)],
)
def test_a_convolution_check_accepts_right_and_rejects_wrong(holds, bound) -> None:  # type: ignore[no-untyped-def]
    descriptor, (x, w, bias) = convolution(5, 12)
    right = evaluate(descriptor, [x, w, bias])
    wrong = right.copy()
    wrong[2, 1, 3, 4] -= 1
    cost = CheckCost()
    assert holds(descriptor, x, w, bias, right, randomness=random_elements, cost=cost)
    assert cost.macs <= bound(descriptor)
    assert not holds(descriptor, x, w, bias, wrong, randomness=random_elements, cost=cost)


def test_a_matmul_check_accepts_right_and_rejects_wrong() -> None:
    build = GraphBuilder()
    a = RNG.integers(-128, 128, (40, 50), np.int8)
    b = RNG.integers(-128, 128, (30, 50), np.int8)
    bias = RNG.integers(-(2**20), 2**20, 30, np.int32)
    build.matmul(build.input((40, 50)), b, bias)
    descriptor = build.build().descriptors[0]
    right = evaluate(descriptor, [a, b, bias])[0, 0]
    wrong = right.copy()
    wrong[39, 29] += 1
    cost = CheckCost()
    assert matmul_holds(a, b, bias, right, randomness=random_elements, cost=cost)
    assert cost.macs <= matmul_macs(descriptor)
    assert not matmul_holds(a, b, bias, wrong, randomness=random_elements, cost=cost)


def test_the_cheaper_strategy_is_taken() -> None:
    for images, channels, estimate in ((64, 32, batch_macs), (1, 64, channel_macs)):
        descriptor, reads = convolution(images, channels)
        cost = CheckCost()
        out = evaluate(descriptor, reads)
        assert linear_operator_holds(descriptor, reads, out, random_elements, cost)
        assert cost.macs <= estimate(descriptor) < descriptor.multiply_adds


def test_nothing_is_spent_when_recomputing_is_as_cheap() -> None:
    build = GraphBuilder()
    build.convolution(build.input((1, 4, 4, 2)), np.ones((1, 1, 1, 2), np.int8))
    descriptor = build.build().descriptors[0]
    assert descriptor.window == Window((1, 1), (1, 1), (1, 1))
    reads = [np.ones((1, 4, 4, 2), np.int8), np.ones((1, 1, 1, 2), np.int8)]
    cost = CheckCost()
    out = evaluate(descriptor, reads)
    assert not linear_operator_holds(descriptor, reads, out, random_elements, cost)
    assert cost.macs == 0

"""Depthwise convolution against a loop over its definition."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder, GraphError, Reason
from kernels.graph.reference import Executor
from tests.kernels.running import run


@pytest.mark.parametrize("channels", [1, 2, 5, 9])
def test_sums_are_those_of_the_definition(executor: Executor, channels: int) -> None:
    random = np.random.default_rng(channels)
    x = random.integers(-128, 128, (2, 5, 6, channels)).astype(np.int8)
    weights = random.integers(-128, 128, (channels, 3, 2, 1)).astype(np.int8)
    bias = random.integers(-(2**31), 2**31, channels).astype(np.int32)
    found = run(
        executor,
        lambda build, value: build.depthwise(
            value,
            weights,
            bias,
            stride=(2, 1),
            dilation=(1, 3),
            padding=(1, 0, 2, 3),
            pad_value=9,
            zero_point_in=-4,
        ),
        x,
    )
    padded = np.pad(x.astype(np.int64), ((0, 0), (1, 2), (0, 3), (0, 0)), constant_values=9) + 4
    assert found.shape == (2, 3, 6, channels)
    for y in range(3):
        for x_at in range(6):
            window = padded[:, 2 * y : 2 * y + 3, x_at : x_at + 4 : 3]
            sums = (window * weights[..., 0].transpose(1, 2, 0)).sum(axis=(1, 2)) + bias
            np.testing.assert_array_equal(found[:, y, x_at], sums.astype(np.int32))


def test_a_filter_of_another_channel_count_is_refused() -> None:
    build = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        build.depthwise(build.input((1, 4, 4, 3)), np.ones((4, 2, 2, 1), np.int8))
    assert caught.value.reason is Reason.BAD_SHAPE


def test_sixteen_taps_are_one_run_too_many() -> None:
    build = GraphBuilder()
    x = build.input((1, 4, 4, 1))
    build.depthwise(x, np.ones((1, 3, 5, 1), np.int8), padding=(0, 1, 0, 0))
    with pytest.raises(GraphError) as caught:
        build.depthwise(x, np.ones((1, 4, 4, 1), np.int8))
    assert caught.value.reason is Reason.RUN_LIMIT

"""Direct convolution against its formula, tap by tap."""

import numpy as np
import pytest

from kernels.graph import Window
from kernels.graph.reference import Executor
from kernels.trace.layout import Array
from tests.kernels.running import run

PAD_VALUE, ZERO_POINT = 11, -7


def by_formula(x: Array, weights: Array, bias: Array, window: Window) -> Array:
    images, height, width, channels = x.shape
    (down, across), (dy, dx) = window.stride, window.dilation
    top, left, bottom, right = window.padding
    rows = (height + top + bottom - dy * (weights.shape[1] - 1) - 1) // down + 1
    columns = (width + left + right - dx * (weights.shape[2] - 1) - 1) // across + 1
    result = np.zeros((images, rows, columns, len(weights)), np.int64)
    for n, oy, ox, o in np.ndindex(result.shape):
        total = int(bias[o])
        for ky, kx, c in np.ndindex(*weights.shape[1:3], channels):
            y, x_at = oy * down - top + ky * dy, ox * across - left + kx * dx
            inside = 0 <= y < height and 0 <= x_at < width
            value = int(x[n, y, x_at, c]) if inside else PAD_VALUE
            total += (value - ZERO_POINT) * int(weights[o, ky, kx, c])
        result[n, oy, ox, o] = total
    return result


@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (1, 2, 0, 1)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_every_window_field(
    executor: Executor,
    channels: int,
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: tuple[int, int, int, int],
) -> None:
    random = np.random.default_rng(channels)
    x = random.integers(-128, 128, (2, 6, 5, channels)).astype(np.int8)
    weights = random.integers(-128, 128, (5, 2, 3, channels)).astype(np.int8)
    bias = random.integers(-(10**6), 10**6, 5).astype(np.int32)
    window = Window((2, 3), stride, dilation, padding)
    found = run(
        executor,
        lambda build, value: build.convolution(
            value,
            weights,
            bias,
            stride=stride,
            dilation=dilation,
            padding=padding,
            pad_value=PAD_VALUE,
            zero_point_in=ZERO_POINT,
        ),
        x,
    )
    np.testing.assert_array_equal(found, by_formula(x, weights, bias, window))


def test_padding_counts_as_zero_when_the_pad_value_is_the_zero_point(executor: Executor) -> None:
    x = np.full((1, 1, 1, 4), 9, np.int8)
    weights = np.ones((1, 3, 3, 4), np.int8)
    found = run(
        executor,
        lambda build, value: build.convolution(
            value, weights, padding=(1, 1, 1, 1), pad_value=4, zero_point_in=4
        ),
        x,
    )
    assert found.item() == 4 * (9 - 4)

"""NumPy twin of the direct int8 convolution."""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from kernels.exact.matmul.reference import wrapped
from kernels.graph import Descriptor
from kernels.trace.layout import Array

# |x - zero point| · |w| of two int8.
LARGEST_PRODUCT = 255 * 128


def windows(descriptor: Descriptor, x: Array) -> Iterator[tuple[int, int, Array]]:
    """For each tap (ky, kx): the inputs [N, OH, OW, C] it meets, zero point taken off, int16."""
    window = descriptor.window
    top, left, bottom, right = window.padding
    padded = np.pad(
        x.astype(np.int16),
        ((0, 0), (top, bottom), (left, right), (0, 0)),
        constant_values=descriptor.pad_value,
    )
    padded -= descriptor.zero_point_in
    _, height, width, _ = descriptor.output_shape
    down, across = window.stride
    for ky in range(window.kernel[0]):
        for kx in range(window.kernel[1]):
            y, x_at = ky * window.dilation[0], kx * window.dilation[1]
            yield (
                ky,
                kx,
                padded[
                    :,
                    y : y + (height - 1) * down + 1 : down,
                    x_at : x_at + (width - 1) * across + 1 : across,
                ],
            )


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """Int8 [N, H, W, C] with weights [O, KH, KW, C] and optional int32 bias to int32 NHWC.

    One tap's products are summed in float32 where that is exact, faster than in float64, which
    always is: 4,096 · 255 · 128 < 2^53.
    """
    x, weights = operands[:2]
    exact = x.shape[3] * LARGEST_PRODUCT <= 1 << 24
    matrices = weights.astype(np.float32 if exact else np.float64)
    # one large product is faster than one for each row of the image
    sums = np.zeros((prod(descriptor.output_shape[:3]), len(weights)), np.int32)
    for ky, kx, values in windows(descriptor, x):
        met = values.astype(matrices.dtype).reshape(len(sums), -1)
        sums += (met @ matrices[:, ky, kx].T).astype(np.int32)
    bias = operands[2] if len(operands) == 3 else None
    return wrapped(sums, bias).reshape(descriptor.output_shape)

"""NumPy twin of the depthwise convolution."""

from collections.abc import Sequence

import numpy as np

from kernels.exact.convolution.reference import windows
from kernels.exact.matmul.reference import wrapped
from kernels.graph import Descriptor
from kernels.trace.layout import Array


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """Int8 [N, H, W, C] with weights [C, KH, KW, 1] and optional int32 bias to int32 NHWC.

    Float32 sums before the bias are exact: 16 · 255 · 128 < 2^24.
    """
    x, weights = operands[:2]
    filters = weights.astype(np.float32)
    sums = np.zeros(descriptor.output_shape, np.float32)
    for ky, kx, values in windows(descriptor, x):
        sums += values.astype(np.float32) * filters[:, ky, kx, 0]
    return wrapped(sums, operands[2] if len(operands) == 3 else None)

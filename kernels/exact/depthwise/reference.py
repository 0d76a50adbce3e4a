"""NumPy twin of the depthwise convolution."""

from collections.abc import Sequence

import numpy as np

from kernels.exact.convolution.reference import windows
from kernels.exact.matmul.reference import wrapped
from kernels.graph import Descriptor
from kernels.trace.layout import Array


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """Int8 [N, H, W, C] with weights [C, KH, KW, 1] and optional int32 bias to int32 NHWC.

    The int32 sums before the bias are exact: at most 16 · 255 · 128.
    """
    x, weights = operands[:2]
    sums = np.zeros(descriptor.output_shape, np.int32)
    for ky, kx, values in windows(descriptor, x):
        sums += np.multiply(values, weights[:, ky, kx, 0], dtype=np.int32)
    return wrapped(sums, operands[2] if len(operands) == 3 else None)

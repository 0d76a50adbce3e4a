"""NumPy twin of max pool."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """Int8 [N, H, W, C] to [N, OH, OW, C]; taps in the padding never win."""
    window = descriptor.window
    top, left, bottom, right = window.padding
    # Every window holds a real tap, so a pad of the smallest value changes nothing.
    padded = np.pad(
        operands[0], ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=-128
    )
    views = np.lib.stride_tricks.sliding_window_view(padded, window.kernel, axis=(1, 2))
    largest: Array = views[:, :: window.stride[0], :: window.stride[1]].max(axis=(-2, -1))
    return largest

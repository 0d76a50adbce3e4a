"""NumPy twin of the clamp."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """min(max(x, low), high), int8 or int32."""
    return np.clip(operands[0], descriptor.clamp_low, descriptor.clamp_high)

"""NumPy twin of the strided read."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """Element offset + Σ i_k·step_k of the input, int8 or int32; the descriptor keeps it inside."""
    flat = np.ascontiguousarray(operands[0]).reshape(-1)[descriptor.offset :]
    steps = [step * flat.itemsize for step in descriptor.steps]
    return np.lib.stride_tricks.as_strided(flat, descriptor.output_shape, steps).copy()

"""NumPy twin of the product by element."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """(a - zero point in) · (b - pad value), int8 to int32."""
    a, b = (operand.astype(np.int32) for operand in operands)
    product: Array = (a - descriptor.zero_point_in) * (b - descriptor.pad_value)
    return product

"""NumPy twin of the wrapping sum."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array


def evaluate(_: Descriptor, operands: Sequence[Array]) -> Array:
    """Int32 sum modulo 2^32."""
    return np.add(operands[0], operands[1], dtype=np.int32)

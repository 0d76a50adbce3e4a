"""NumPy twin of layer normalisation."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array

CLAMP = 1 << 15


def root(values: Array) -> Array:
    """Floor of the square root of int64 values below 2^62."""
    # float64 is off by less than one here, so that one step to either side is enough.
    found = np.sqrt(values.astype(np.float64)).astype(np.int64)
    found -= found * found > values
    found += (found + 1) * (found + 1) <= values
    return found


def layer_norm(x: Array, gamma: Array, beta: Array, shift: int) -> Array:
    """The last axis of int32 x[..., C] with int32 gamma and beta [C], to int32.

    d / sqrt(Σ d²) with 20 fractional bits, times gamma / 2^shift, plus beta; d is the distance
    from the mean. Elements are cut to int16 first, so that no sum of squares passes 64 bits.
    """
    columns = x.shape[-1]
    cut = np.clip(x, -CLAMP, CLAMP - 1).astype(np.int64)
    mean = (cut.sum(axis=-1, keepdims=True) + columns // 2) // columns
    distance = cut - mean
    squares = (distance * distance).sum(axis=-1, keepdims=True)
    # Where all squares are zero every distance is, too: whatever the inverse, the result is zero.
    inverse = (1 << 39) // np.maximum(root(squares << 16), 1)
    normal = (distance * inverse + (1 << 10)) >> 11
    scaled = (normal * gamma.astype(np.int64) + (1 << (shift - 1))) >> shift
    moved: Array = (scaled + beta.astype(np.int64)).astype(np.int32)
    return moved


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """The operator of a descriptor; the second operand holds pairs of gamma and beta."""
    table = operands[1].reshape(-1, 2)
    return layer_norm(operands[0], table[:, 0], table[:, 1], descriptor.shift)

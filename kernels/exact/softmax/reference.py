"""NumPy twin of softmax."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array

STEP_BITS = 10
LAST = (32 << STEP_BITS) - 1


def power(exponent: Array) -> Array:
    """65,536 · 2^(-exponent / 1,024) for int32 exponents 0..32,767, int32.

    Within one halving a cubic, off by at most 5/65,536 of the exact power.
    """
    f = exponent & (1 << STEP_BITS) - 1
    cubic = 15200 - (f * 2632 >> 10)
    fraction = 65536 - (f * (45341 - (f * cubic >> 10)) >> 10)
    whole: Array = fraction >> (exponent >> STEP_BITS)
    return whole


def softmax(x: Array, multiplier: int, shift: int) -> Array:
    """Of the last axis, int8 with scale 1/256 and zero point -128, in integers alone.

    As in I-BERT (Kim et al. 2021) the largest element is taken off, and what is left is halved
    as often as it holds ln 2; the base is 2, so that only the rest needs a polynomial.
    """
    wide = x.astype(np.int64)
    below = wide.max(axis=-1, keepdims=True) - wide
    powers = power(np.minimum(below * multiplier >> shift, LAST).astype(np.int32))
    total = powers.sum(axis=-1, keepdims=True, dtype=np.int64)
    # Float64 division is faster; a quotient of numbers below 2^30 that is no integer is too far
    # from one to be rounded to it.
    parts = ((256 * powers + total // 2) / total).astype(np.int32) - 128
    narrow: Array = np.minimum(parts, 127).astype(np.int8)
    return narrow


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """The operator of a descriptor."""
    return softmax(operands[0], descriptor.multiplier, descriptor.shift)

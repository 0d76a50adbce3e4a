"""The rounding of int32 and wider sums to the scale of an operator's output."""

import numpy as np

from kernels.descriptor import Descriptor
from kernels.trace import Array


def requantised(descriptor: Descriptor, x: Array, multiplier: Array, shift: Array) -> Array:
    """Returns x·m / 2^s rounded to the output, in its dtype; |x·m| stays below 2^62.

    Multiplier and shift are int64 scalars or [C].
    """
    return rounded(descriptor, x.astype(np.int64) * multiplier, shift)


def rounded(descriptor: Descriptor, x: Array, shift: Array) -> Array:
    """Returns clamp(zero point + floor((x + 2^(s-1)) / 2^s)) of int64 x, in the output's dtype.

    Zero point and clamp are the descriptor's. This is gemmlowp's rounding half up, and 64 bits are
    enough for it: |x| < 2^62 and 2^(s-1) ≤ 2^61.
    """
    quotient = x + (np.int64(1) << (shift - 1)) >> shift
    clamped = np.clip(
        quotient + descriptor.zero_point_out, descriptor.clamp_low, descriptor.clamp_high
    )
    return np.asarray(clamped, descriptor.dtype_out.numpy)

"""NumPy twin of requantisation."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array


def requantise(
    x: Array, multiplier: Array, shift: Array, zero_point: int, clamp: tuple[int, int]
) -> Array:
    """clamp(zero_point + floor((x·m + 2^(s-1)) / 2^s), *clamp), int32 to int64.

    Multiplier and shift are int64 scalars or [C]. gemmlowp's rounding half up, in 64 bits:
    |x·m| < 2^62 and 2^(s-1) ≤ 2^61.
    """
    product = x.astype(np.int64) * multiplier
    quotient = product + (np.int64(1) << (shift - 1)) >> shift
    return np.clip(quotient + zero_point, *clamp)


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """The operator of a descriptor; the second operand is the per-channel table, if any."""
    if descriptor.per_channel:
        table = operands[1].reshape(-1, 2).astype(np.int64)
        multiplier, shift = table[:, 0], table[:, 1]
    else:
        multiplier, shift = np.array(descriptor.multiplier), np.array(descriptor.shift)
    scaled = requantise(
        operands[0],
        multiplier,
        shift,
        descriptor.zero_point_out,
        (descriptor.clamp_low, descriptor.clamp_high),
    )
    return scaled.astype(descriptor.dtype_out.numpy)

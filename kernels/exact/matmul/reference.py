"""NumPy twin of the int8 matrix product."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor, is_batched
from kernels.trace.layout import Array

EXACT = 1024


def wrapped(sums: Array, bias: Array | None) -> Array:
    """Exact sums plus an int32 bias [..., N], wrapped to int32."""
    total = sums.astype(np.int64)
    if bias is not None:
        total += bias.reshape(-1)
    return total.astype(np.int32)


def products(a: Array, b: Array) -> Array:
    """Exact int32 sums of int8 A[..., M, K] · B[..., N, K]ᵀ.

    Float32 because BLAS is fastest at it: 1,024 · 128 · 128 = 2^24 is its last exact sum.
    """
    total = np.zeros((*a.shape[:-1], b.shape[-2]), np.int32)
    for at in range(0, a.shape[-1], EXACT):
        left, right = (part[..., at : at + EXACT].astype(np.float32) for part in (a, b))
        total += (left @ right.swapaxes(-1, -2)).astype(np.int32)
    return total


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """The operator of a descriptor: one B for all of A's matrices, or one for each."""
    a, b = operands[:2]
    if not is_batched(descriptor):
        a, b = a.reshape(-1, a.shape[-1]), b.reshape(b.shape[-2:])
    bias = operands[2] if len(operands) == 3 else None
    return wrapped(products(a, b), bias).reshape(descriptor.output_shape)

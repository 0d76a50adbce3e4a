"""NumPy twin of the int8 matrix product."""

from collections.abc import Sequence

import numpy as np

from kernels.graph import Descriptor
from kernels.trace.layout import Array


def wrapped(sums: Array, bias: Array | None) -> Array:
    """Exact float64 sums plus an int32 bias [..., N], wrapped to int32."""
    total = sums.astype(np.int64)
    if bias is not None:
        total += bias.reshape(-1)
    return total.astype(np.int32)


def matmul(a: Array, b: Array, bias: Array | None = None) -> Array:
    """int8 A[M, K] · B[N, K]ᵀ + int32 bias[N] to int32 [M, N].

    Float64 because BLAS is fast and sums below 2^53 are exact: 4,096 · 128 · 128 = 2^26.
    """
    return wrapped(a.astype(np.float64) @ b.astype(np.float64).T, bias)


def evaluate(descriptor: Descriptor, operands: Sequence[Array]) -> Array:
    """The operator of a descriptor; operands and result have its shapes."""
    a, b = (operand.reshape(operand.shape[-2:]) for operand in operands[:2])
    bias = operands[2] if len(operands) == 3 else None
    return matmul(a, b, bias).reshape(descriptor.output_shape)

"""Chooses the cheapest sound check of a matrix product or convolution."""

from collections.abc import Sequence

from keeper.verification.cost import CheckCost
from keeper.verification.field import Randomness
from keeper.verification.freivalds import (
    batch_macs,
    channel_macs,
    convolution_holds_by_batch,
    convolution_holds_by_channel,
    matmul_holds,
    matmul_macs,
)
from kernels.graph import Descriptor, Opcode
from kernels.trace.layout import Array


def linear_operator_holds(
    descriptor: Descriptor,
    reads: Sequence[Array],
    out: Array,
    randomness: Randomness,
    cost: CheckCost,
) -> bool:
    """Whether out passes Freivalds' check.

    False also when recomputing costs no more than any check: the caller then recomputes.
    """
    x, w = reads[:2]
    bias = reads[2].reshape(-1) if len(reads) == 3 else None
    if descriptor.opcode is Opcode.MATMUL:
        if matmul_macs(descriptor) >= descriptor.multiply_adds:
            return False
        return matmul_holds(x[0, 0], w[0, 0], bias, out[0, 0], randomness=randomness, cost=cost)
    by_batch, by_channel = batch_macs(descriptor), channel_macs(descriptor)
    if min(by_batch, by_channel) >= descriptor.multiply_adds:
        return False
    check = convolution_holds_by_batch if by_batch <= by_channel else convolution_holds_by_channel
    return check(descriptor, x, w, bias, out, randomness=randomness, cost=cost)

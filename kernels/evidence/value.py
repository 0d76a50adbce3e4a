"""One element of an operator from the bytes that it reads."""

from collections.abc import Sequence

import numpy as np

from kernels.evidence.errors import EvidenceError, Reason
from kernels.evidence.layout import (
    Place,
    Strip,
    element_run,
    filter_run,
    row_of_b,
    row_run,
    strips,
)
from kernels.evidence.operand import Operand, runs_in_order
from kernels.exact.matmul.reference import wrapped
from kernels.exact.reference import TWINS
from kernels.graph import Descriptor, Opcode
from kernels.graph.rules import MAX_SHIFT
from kernels.trace import Array


def value(descriptor: Descriptor, place: Place, operands: Sequence[Operand]) -> int:
    """What the output's element at `place` must be.

    Raises EvidenceError (Unprovable) when the graph's own table is out of range.
    """
    read = [
        [operand.read(run) for run in needed]
        for operand, needed in zip(
            operands, runs_in_order(descriptor, place, operands), strict=True
        )
    ]
    match descriptor.opcode:
        case Opcode.MATMUL | Opcode.CONVOLUTION | Opcode.DEPTHWISE:
            bias = read[2][0] if len(operands) == 3 else None
            return int(wrapped(_products(descriptor, place, operands), bias).item())
        case Opcode.MAX_POOL:
            return int(max(tap.item() for tap in read[0]))
        case Opcode.ARGMAX | Opcode.REDUCE_SUM | Opcode.SOFTMAX | Opcode.LAYER_NORM:
            row = operands[0].rows(row_run(operands[0].spec, place.row))
            tables = [items[0] for items in read[1:]]
            return int(TWINS[descriptor.opcode](descriptor, [row, *tables])[0, place.column])
        case Opcode.AS_STRIDED | Opcode.CONCAT | Opcode.GATHER:
            return int([run for items in read for run in items][-1].item())
        case Opcode.REQUANTISE if descriptor.per_channel:
            multiplier, shift = (int(item) for item in read[1][0])
            if multiplier < 1 or not 1 <= shift <= MAX_SHIFT:
                raise EvidenceError(
                    Reason.UNPROVABLE, f"channel {place.column} has {multiplier} and {shift}"
                )
    return int(TWINS[descriptor.opcode](descriptor, [items[0] for items in read]).item())


def _products(descriptor: Descriptor, place: Place, operands: Sequence[Operand]) -> Array:
    """The exact sum of products, int64 [1]."""
    x, weights = operands[:2]
    if descriptor.opcode is Opcode.MATMUL:
        left = x.rows(row_run(x.spec, place.row)).astype(np.int64)
        right = weights.rows(row_run(weights.spec, row_of_b(descriptor, place)))
    else:
        right = weights.rows(filter_run(descriptor, place))
        left = np.full(right.shape, descriptor.pad_value, np.int64)
        for strip in strips(descriptor, place):
            left[strip.tap : strip.tap + strip.taps] = _pixels(descriptor, place, strip, x)
        left -= descriptor.zero_point_in
    total: Array = (left * right).sum(keepdims=True).reshape(1)
    return total


def _pixels(descriptor: Descriptor, place: Place, strip: Strip, x: Operand) -> Array:
    """What a strip meets: all channels of its pixels, or of a depthwise one the element's own."""
    if descriptor.opcode is Opcode.CONVOLUTION:
        return x.rows(row_run(x.spec, strip.row, strip.taps))
    found = [
        x.read(element_run(x.spec, Place(strip.row + tap, place.column)))
        for tap in range(strip.taps)
    ]
    return np.stack(found)

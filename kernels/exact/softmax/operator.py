"""Softmax of a row in integers."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import Opcode, Rounding
from kernels.descriptor import Descriptor, Signature, Value
from kernels.descriptor.signature import NARROW, NARROWING
from kernels.exact.grid import Grid
from kernels.exact.operator import Draft, Notes
from kernels.exact.rowwise import Rowwise
from kernels.trace import Array, DType

STEP_BITS = 10
LAST = (32 << STEP_BITS) - 1


class Softmax(Rowwise):
    """Softmax of the last axis to int8."""

    opcode = Opcode.SOFTMAX
    rowwise_inputs = 1
    signature = Signature(
        (NARROW, NARROWING), fields=("multiplier", "shift"), rounding=Rounding.HALF_UP
    )
    grid = Grid.GROUP
    # An element counts as one multiply-add and costs about fifty.
    tuned_from = 1 << 22
    notes = Notes(
        inputs="x",
        output="softmax of the last axis, scale 1/256, zero point −128: below",
        operand_bytes="stride(C · dtype size)",
        runs="1",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the softmax of each row, int8."""
        return softmax(operands[0], descriptor.multiplier, descriptor.shift)


def power(exponent: Array) -> Array:
    """Returns 65,536 · 2^(-exponent / 1,024) for int32 exponents 0..32,767, int32.

    Within one halving it is a cubic, off by at most 5/65,536 of the exact power.
    """
    f = exponent & (1 << STEP_BITS) - 1
    cubic = 15200 - (f * 2632 >> 10)
    fraction = 65536 - (f * (45341 - (f * cubic >> 10)) >> 10)
    whole: Array = fraction >> (exponent >> STEP_BITS)
    return whole


def softmax(x: Array, multiplier: int, shift: int) -> Array:
    """Returns the softmax of the last axis, int8 with scale 1/256 and zero point -128.

    As in I-BERT (Kim et al. 2021), all of it is integer arithmetic on the distance from the row's
    largest element. The base is 2, so that whole powers are shifts and only the rest is a cubic.
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


def draft(x: Value, multiplier: int, shift: int) -> Draft:
    """Softmax of each row to int8 of scale 1/256 and zero point -128.

    multiplier / 2^shift is 1,024 times the scale of x over ln 2.
    """
    fields = {"multiplier": multiplier, "shift": shift}
    return Draft(Opcode.SOFTMAX, DType.INT8, x, fields=fields)


OPERATOR = Softmax()

"""Int8 product, element by element."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Descriptor, Operand, Signature, Value
from kernels.descriptor.signature import NARROW_OPERAND, WIDENING, to_int8
from kernels.exact.broadcast import Broadcast
from kernels.exact.ending import Narrowing
from kernels.exact.operator import Draft, Notes, narrows
from kernels.exact.rounding import requantised
from kernels.trace import Array, DType


class Multiply(Broadcast):
    """(a - zero point of a) · (b - zero point of b), int8 to int32 or requantised to int8."""

    opcode = Opcode.MULTIPLY
    signature = Signature((WIDENING,), (NARROW_OPERAND,), ("zero_point_in", "pad_value"))
    narrowed = to_int8(signature, (NARROW_OPERAND,), "multiplier", "shift")
    notes = Notes(
        inputs="a; b, each axis a's or 1",
        output="`(a − zero_point_in)·(b − pad_value)`, broadcast as in add; to int8 requantised",
        operand_bytes="2",
        runs="2",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns (a - zero point in) · (b - pad value), int8 to int32 or requantised to int8."""
        a, b = (operand.astype(np.int32) for operand in operands)
        product: Array = (a - descriptor.zero_point_in) * (b - descriptor.pad_value)
        if not narrows(descriptor):
            return product
        multiplier, shift = np.array([descriptor.multiplier, descriptor.shift], np.int64)
        return requantised(descriptor, product, multiplier, shift)


def draft(
    a: Value,
    b: Operand,
    *,
    zero_point_a: int = 0,
    zero_point_b: int = 0,
    to: Narrowing | None = None,
) -> Draft:
    """(a - zero_point_a) · (b - zero_point_b), int8 to int32 or to int8; b is as in `add`."""
    fields: dict[str, object] = {"zero_point_in": zero_point_a, "pad_value": zero_point_b}
    if to is not None:
        fields |= {**to.fields, "multiplier": to.multiplier, "shift": to.shift}
    return Draft(
        Opcode.MULTIPLY,
        DType.INT32 if to is None else DType.INT8,
        a,
        {ConstantSlot.WEIGHTS: b},
        fields=fields,
    )


OPERATOR = Multiply()

"""Int8 product, element by element."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Descriptor, Operand, Signature, Value
from kernels.descriptor.signature import NARROW_OPERAND, WIDENING
from kernels.exact.broadcast import Broadcast
from kernels.exact.operator import Draft, Notes
from kernels.trace import Array, DType


class Multiply(Broadcast):
    """(a - zero point of a) · (b - zero point of b), int8 to int32."""

    opcode = Opcode.MULTIPLY
    signature = Signature((WIDENING,), (NARROW_OPERAND,), ("zero_point_in", "pad_value"))
    notes = Notes(
        inputs="a; b, each axis a's or 1",
        output="`(a − zero_point_in)·(b − pad_value)`, broadcast as in add",
        operand_bytes="2",
        runs="2",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns (a - zero point in) · (b - pad value), int8 to int32."""
        a, b = (operand.astype(np.int32) for operand in operands)
        product: Array = (a - descriptor.zero_point_in) * (b - descriptor.pad_value)
        return product


def draft(a: Value, b: Operand, *, zero_point_a: int = 0, zero_point_b: int = 0) -> Draft:
    """(a - zero_point_a) · (b - zero_point_b), int8 to int32; b is as in `add`."""
    return Draft(
        Opcode.MULTIPLY,
        DType.INT32,
        a,
        {ConstantSlot.WEIGHTS: b},
        fields={"zero_point_in": zero_point_a, "pad_value": zero_point_b},
    )


OPERATOR = Multiply()

"""Int32 sum that wraps, with a second operand that may be broadcast."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Descriptor, Operand, Signature, Value
from kernels.descriptor.signature import WIDE, WIDE_OPERAND
from kernels.exact.broadcast import Broadcast
from kernels.exact.operator import Draft, Notes
from kernels.trace import Array, DType


class Add(Broadcast):
    """a + b, modulo 2^32."""

    opcode = Opcode.ADD
    signature = Signature((WIDE,), (WIDE_OPERAND,))
    notes = Notes(
        inputs="a; b, each axis a's or 1",
        output="`a + b`, wraps; an axis of 1 is broadcast; a's shape",
        operand_bytes="8",
        runs="2",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the int32 sum modulo 2^32."""
        return np.add(operands[0], operands[1], dtype=np.int32)


def draft(a: Value, b: Operand) -> Draft:
    """Int32 sum that wraps; b is constant or computed, and each of its axes is a's or 1."""
    return Draft(Opcode.ADD, DType.INT32, a, {ConstantSlot.WEIGHTS: b})


OPERATOR = Add()

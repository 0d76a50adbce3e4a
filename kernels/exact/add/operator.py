"""Int32 sum that wraps, with a second operand that may be broadcast."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Descriptor, Operand, Signature, Value
from kernels.descriptor.signature import NARROW_OPERAND, SCALES, WIDE, WIDE_OPERAND, to_int8
from kernels.exact.broadcast import Broadcast
from kernels.exact.element import Place, Run, Stored, row_run
from kernels.exact.operator import Draft, Notes, narrows
from kernels.exact.rounding import rounded
from kernels.trace import Array, DType, Shape

# What an element needs of the two multipliers.
MULTIPLIER_BYTES = 8


class Add(Broadcast):
    """a + b modulo 2^32, or of int8 a weighted sum that is rounded once."""

    opcode = Opcode.ADD
    signature = Signature((WIDE,), (WIDE_OPERAND,))
    narrowed = to_int8(signature, (NARROW_OPERAND, SCALES), "zero_point_in", "pad_value", "shift")
    notes = Notes(
        inputs="a; b, each axis a's or 1; to int8 multipliers[1,1,1,2] int32",
        output="`a + b`, wraps; an axis of 1 is broadcast; a's shape. To int8 "
        "`(a − zero_point_in)·m_a + (b − pad_value)·m_b`, rounded as in requantise",
        operand_bytes="8, to int8 10",
        runs="2, to int8 3",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the int32 sum modulo 2^32, or the weighted one of int8, below 2^41."""
        if not narrows(descriptor):
            return np.add(operands[0], operands[1], dtype=np.int32)
        a, b, multipliers = (operand.astype(np.int64) for operand in operands)
        of_a, of_b = multipliers.reshape(-1)
        terms = (a - descriptor.zero_point_in) * of_a + (b - descriptor.pad_value) * of_b
        return rounded(descriptor, terms, np.array(descriptor.shift, np.int64))

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns b's shape, that of the multipliers if there are any, and a's."""
        second, output = super().expected_shapes(descriptor)
        return (second, (1, 1, 1, 2), output) if narrows(descriptor) else (second, output)

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the bytes of an element of a and of b, and of the multipliers."""
        terms = 2 * descriptor.dtype_in.size
        return terms + MULTIPLIER_BYTES if narrows(descriptor) else terms

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the element of a or b, or both multipliers."""
        if position == 2:
            return [row_run(self.input_spec(descriptor, position), 0)]
        return super().runs(descriptor, place, position, opened)


def draft(a: Value, b: Operand) -> Draft:
    """Int32 sum that wraps; b is constant or computed, and each of its axes is a's or 1."""
    return Draft(Opcode.ADD, DType.INT32, a, {ConstantSlot.WEIGHTS: b})


def narrow_draft(
    a: Value,
    b: Operand,
    multipliers: tuple[int, int],
    shift: int,
    *,
    zero_point_a: int = 0,
    zero_point_b: int = 0,
    zero_point_out: int = 0,
    clamp: tuple[int, int] = (DType.INT8.low, DType.INT8.high),
) -> Draft:
    """(a - zero_point_a) · m_a + (b - zero_point_b) · m_b over 2^shift, int8 to int8.

    The multipliers are any int32; b is as in `add`.
    """
    table = np.array(multipliers, "<i4").reshape(1, 1, 1, 2)
    return Draft(
        Opcode.ADD,
        DType.INT8,
        a,
        {ConstantSlot.WEIGHTS: b, ConstantSlot.CHANNELS: table},
        fields={
            "zero_point_in": zero_point_a,
            "pad_value": zero_point_b,
            "zero_point_out": zero_point_out,
            "clamp_low": clamp[0],
            "clamp_high": clamp[1],
            "shift": shift,
        },
    )


OPERATOR = Add()

"""Two tensors joined along an axis."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Descriptor, GraphError, Operand, Reason, Signature, Value
from kernels.descriptor.signature import LIKE_OUTPUT, NARROW, WIDE
from kernels.exact.element import Place, Stored, coordinates, place_at
from kernels.exact.operator import Draft, Notes, Operator
from kernels.trace import Array, Shape


class Concat(Operator):
    """a, then b, along the descriptor's axis."""

    opcode = Opcode.CONCAT
    signature = Signature((NARROW, WIDE), (LIKE_OUTPUT,), ("axis",))
    notes = Notes(
        inputs="a, b, equal but for one axis",
        output="a, then b, along that axis",
        operand_bytes="dtype size",
        runs="1",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns input 0, then input 1, along the descriptor's axis."""
        return np.concatenate(operands, axis=descriptor.axis)

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the shapes of b and the output; raises GraphError where there is no such axis."""
        first, second = descriptor.input_shapes[:2]
        axis = descriptor.axis
        if axis >= len(first):
            raise GraphError(Reason.BAD_VALUE, f"there is no axis {axis} to join along")
        other, output = list(first), list(first)
        other[axis] = second[axis]
        output[axis] += second[axis]
        return (other[0], other[1], other[2], other[3]), (
            output[0],
            output[1],
            output[2],
            output[3],
        )

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the bytes of one element, which is a's or b's."""
        return descriptor.dtype_in.size

    def most_runs(self, descriptor: Descriptor) -> int:
        """Returns 1: only one of the inputs is read."""
        return 1

    def source(self, descriptor: Descriptor, place: Place, position: int) -> Place | None:
        """Returns where an input is read; None in the part of the other one."""
        axis = descriptor.axis
        at = coordinates(descriptor.output_shape, place)
        from_b = at[axis] >= descriptor.input_shapes[0][axis]
        if from_b != (position == 1):
            return None
        if from_b:
            at[axis] -= descriptor.input_shapes[0][axis]
        return place_at(descriptor.input_shapes[position], at)

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns the element of the input that has it."""
        read = self.read(descriptor, place, operands)
        return int((read[0] or read[1])[0].item())


def draft(a: Value, b: Operand, axis: int) -> Draft:
    """a, then b, constant or computed, along an axis 0..3; the other axes are equal."""
    return Draft(Opcode.CONCAT, a.spec.dtype, a, {ConstantSlot.WEIGHTS: b}, fields={"axis": axis})


OPERATOR = Concat()

"""Rows of a table by index."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import (
    Descriptor,
    GraphError,
    Operand,
    Reason,
    Signature,
    Value,
    operand_shape,
)
from kernels.descriptor.signature import LIKE_OUTPUT, NARROWING, WIDE
from kernels.exact.element import Place, Run, Stored, element_run
from kernels.exact.operator import Draft, Notes, Operator
from kernels.trace import Array, DType, Shape


class Gather(Operator):
    """table[clamp(index, 0, V - 1)]."""

    opcode = Opcode.GATHER
    signature = Signature((NARROWING, WIDE), (LIKE_OUTPUT,))
    notes = Notes(
        inputs="indices[N,H,W,1], table[1,1,V,C]",
        output="`table[clamp(index, 0, V − 1)]`, [N,H,W,C]",
        operand_bytes="4 + dtype out size",
        runs="2: the table's depends on the value of the index",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns rows of table [1, 1, V, C] by int32 indices [N, H, W, 1], clamped to 0..V-1."""
        indices, table = operands[0][..., 0], operands[1][0, 0]
        found: Array = table[np.clip(indices, 0, len(table) - 1)]
        return found

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the table's shape and the output's; the number of rows and the width are free."""
        first, second = descriptor.input_shapes[:2]
        width = descriptor.output_shape[3]
        return (1, 1, second[2], width), (*first[:3], width)

    def check_shapes(self, descriptor: Descriptor) -> None:
        """Raises GraphError (BadShape) unless a row of indices is one index."""
        if descriptor.input_shapes[0][3] != 1:
            raise GraphError(Reason.BAD_SHAPE, "indices are [N, H, W, 1]")

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the bytes of one index and of one element of the table."""
        return descriptor.dtype_in.size + descriptor.dtype_out.size

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the index, or the element of the table's row that the opened index names."""
        spec = self.input_spec(descriptor, position)
        if position == 0:
            return [element_run(spec, Place(place.row, 0))]
        index = int(opened[0].read(self.runs(descriptor, place, 0, opened)[0])[0])
        row = min(max(index, 0), descriptor.input_shapes[1][2] - 1)
        return [element_run(spec, Place(row, place.column))]

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns the element of the table."""
        return int(self.read(descriptor, place, operands)[1][0].item())


def draft(indices: Value, table: Operand) -> Draft:
    """Rows of table [V, C], int8 or int32, by int32 indices [N, H, W, 1] clamped to 0..V-1."""
    dtype = table.spec.dtype if isinstance(table, Value) else DType.of(table)
    return Draft(
        Opcode.GATHER,
        dtype,
        indices,
        {ConstantSlot.WEIGHTS: table},
        free=(*indices.spec.shape[:3], operand_shape(table)[3]),
    )


OPERATOR = Gather()

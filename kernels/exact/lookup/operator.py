"""Int8 table look-up."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import TABLE_ENTRIES, ConstantSlot, Opcode
from kernels.descriptor import Descriptor, Signature, Slot, Value
from kernels.descriptor.signature import NARROW
from kernels.exact.element import Place, Run, Stored, row_run
from kernels.exact.operator import Draft, Fusion, Notes, Operator, Step
from kernels.trace import Array, DType, Shape

TABLE_SHAPE: Shape = (1, 1, 1, TABLE_ENTRIES)


class Lookup(Operator):
    """table[x + 128]."""

    opcode = Opcode.LOOKUP
    rowwise_inputs = 1
    signature = Signature((NARROW,), (Slot(ConstantSlot.BIAS_OR_TABLE, DType.INT8),))
    fusion = Fusion(Step.ACTIVATION, buffers=10, reads_descriptor=False)
    notes = Notes(
        inputs="x, table[1,1,1,256] int8",
        output="`table[x + 128]`",
        operand_bytes="2",
        runs="2",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns int8 table[x + 128]."""
        x, table = operands
        found: Array = table.reshape(-1)[x.astype(np.int16) + 128]
        return found

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the table's shape and x's."""
        return TABLE_SHAPE, descriptor.input_shapes[0]

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the element of x, or the whole table: the entry read depends on the value."""
        if position == 1:
            return [row_run(self.input_spec(descriptor, position), 0)]
        return super().runs(descriptor, place, position, opened)


def draft(x: Value, table: Array) -> Draft:
    """int8 table[256] indexed by x + 128."""
    return Draft(Opcode.LOOKUP, DType.INT8, x, {ConstantSlot.BIAS_OR_TABLE: table})


OPERATOR = Lookup()

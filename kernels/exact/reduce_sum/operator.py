"""Sum of a row that wraps."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import Opcode
from kernels.descriptor import Descriptor, Signature, Value
from kernels.descriptor.signature import WIDE, WIDENING
from kernels.exact.grid import Grid
from kernels.exact.operator import Draft, Notes
from kernels.exact.rowwise import Reduction
from kernels.trace import Array, DType


class ReduceSum(Reduction):
    """The sum of the last axis, modulo 2^32."""

    opcode = Opcode.REDUCE_SUM
    signature = Signature((WIDENING, WIDE))
    grid = Grid.ROW
    notes = Notes(
        inputs="x[N,H,W,C]",
        output="sum of the last axis, wraps, [N,H,W,1]",
        operand_bytes="stride(C · dtype size)",
        runs="1",
        taps="C",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the sum of the last axis modulo 2^32, int32 [N, H, W, 1]."""
        total: Array = operands[0].sum(axis=-1, keepdims=True, dtype=np.int64).astype(np.int32)
        return total


def draft(x: Value) -> Draft:
    """Sum of each row, int32 [N, H, W, 1], wraps."""
    return Draft(Opcode.REDUCE_SUM, DType.INT32, x)


OPERATOR = ReduceSum()

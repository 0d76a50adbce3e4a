"""Lowest index of the largest element of a row."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import Opcode
from kernels.descriptor import Descriptor, Signature, Value
from kernels.descriptor.signature import WIDE, WIDENING
from kernels.exact.grid import Grid
from kernels.exact.operator import Draft, Notes
from kernels.exact.rowwise import Reduction
from kernels.trace import Array, DType


class Argmax(Reduction):
    """The index of the largest element of the last axis, the lowest on ties."""

    opcode = Opcode.ARGMAX
    signature = Signature((WIDENING, WIDE))
    grid = Grid.ROW
    notes = Notes(
        inputs="x[N,H,W,C]",
        output="lowest index of the largest element of the last axis, [N,H,W,1]",
        operand_bytes="stride(C · dtype size)",
        runs="1",
        taps="C",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the lowest index of the largest element of the last axis, int32 [N, H, W, 1]."""
        lowest: Array = operands[0].argmax(axis=-1, keepdims=True).astype(np.int32)
        return lowest


def draft(x: Value) -> Draft:
    """Index of the largest element of each row, the lowest on ties, int32."""
    return Draft(Opcode.ARGMAX, DType.INT32, x)


OPERATOR = Argmax()

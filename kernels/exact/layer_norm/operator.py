"""Normalisation of a row in integers."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import ConstantSlot, Opcode, Rounding
from kernels.descriptor import Descriptor, Signature, Slot, Value
from kernels.descriptor.signature import WIDE
from kernels.exact.element import Place, Run, Stored, row_run
from kernels.exact.grid import Grid
from kernels.exact.operator import Draft, Notes
from kernels.exact.rowwise import Rowwise
from kernels.trace import Array, DType, Shape

CLAMP = 1 << 15
AFFINE_BYTES = 8


class LayerNorm(Rowwise):
    """The last axis normalised, times gamma, plus beta."""

    opcode = Opcode.LAYER_NORM
    rowwise_inputs = 1
    signature = Signature(
        (WIDE,), (Slot(ConstantSlot.CHANNELS, DType.INT32),), ("shift",), Rounding.HALF_UP
    )
    grid = Grid.GROUP
    # An element counts as one multiply-add and costs about fifty.
    tuned_from = 1 << 22
    notes = Notes(
        inputs="x[N,H,W,C], table[1,1,C,2] int32 of (gamma, beta)",
        output="the last axis normalised: below",
        operand_bytes="stride(4·C) + 8",
        runs="2",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns each row normalised; the second operand holds pairs of gamma and beta."""
        table = operands[1].reshape(-1, 2)
        return layer_norm(operands[0], table[:, 0], table[:, 1], descriptor.shift)

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the shapes of the table and of the output."""
        first = descriptor.input_shapes[0]
        return (1, 1, first[3], 2), first

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the bytes of one row and of one pair of gamma and beta."""
        return super().operand_bytes(descriptor) + AFFINE_BYTES

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the element's row, or its channel's gamma and beta."""
        row = place.column if position == 1 else place.row
        return [row_run(self.input_spec(descriptor, position), row)]


def root(values: Array) -> Array:
    """Returns the floor of the square root of int64 values below 2^62."""
    # float64 is off by less than one here, so one step to either side is enough.
    found = np.sqrt(values.astype(np.float64)).astype(np.int64)
    found -= found * found > values
    found += (found + 1) * (found + 1) <= values
    return found


def layer_norm(x: Array, gamma: Array, beta: Array, shift: int) -> Array:
    """Returns int32 x[..., C], normalised over the last axis with int32 gamma and beta [C].

    The result is d / sqrt(Σ d²) with 20 fractional bits, times gamma / 2^shift, plus beta, where d
    is the distance from the mean. Elements are clamped to int16 first, so that no sum of squares
    exceeds 64 bits.
    """
    columns = x.shape[-1]
    cut = np.clip(x, -CLAMP, CLAMP - 1).astype(np.int64)
    mean = (cut.sum(axis=-1, keepdims=True) + columns // 2) // columns
    distance = cut - mean
    squares = (distance * distance).sum(axis=-1, keepdims=True)
    # Where all squares are zero, so is every distance: the inverse does not matter.
    inverse = (1 << 39) // np.maximum(root(squares << 16), 1)
    normal = (distance * inverse + (1 << 10)) >> 11
    scaled = (normal * gamma.astype(np.int64) + (1 << (shift - 1))) >> shift
    moved: Array = (scaled + beta.astype(np.int64)).astype(np.int32)
    return moved


def draft(x: Value, gamma: Array, beta: Array, shift: int) -> Draft:
    """Each int32 row normalised, times gamma[C] / 2^shift, plus beta[C], to int32.

    gamma / 2^shift is the layer's factor times sqrt(C) / 2^20 over the output's scale.
    """
    table = np.stack([np.asarray(gamma), np.asarray(beta)], axis=-1).astype("<i4")
    others = {ConstantSlot.CHANNELS: table}
    return Draft(Opcode.LAYER_NORM, DType.INT32, x, others, fields={"shift": shift})


OPERATOR = LayerNorm()

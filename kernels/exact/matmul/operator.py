"""Int8 matrix product with int32 sums."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Descriptor, Operand, Signature, Value, operand_shape
from kernels.descriptor.signature import BIAS, NARROW_OPERAND, SCALES, WIDENING, to_int8
from kernels.exact.element import Place, Run, Stored, row_run
from kernels.exact.ending import Narrowing, ended, ending, third_bytes, third_shape
from kernels.exact.operator import Draft, LinearForm, Notes
from kernels.exact.product import TiledProduct
from kernels.trace import Array, Shape, row_stride

EXACT = 1024


class Matmul(TiledProduct):
    """A · Bᵀ plus a bias, with one B for all matrices of A or a B for each."""

    opcode = Opcode.MATMUL
    linear_form = LinearForm.MATRIX_PRODUCT
    signature = Signature((WIDENING,), (NARROW_OPERAND, BIAS))
    narrowed = to_int8(signature, (NARROW_OPERAND, SCALES))
    notes = Notes(
        inputs="A[B0,B1,M,K]; B[1,1,N,K], one for all, or [B0,B1,N,K], a batch; "
        "bias[1,1,1,N] int32 (optional), to int8 scales[1,1,N,3] int32",
        output="`out[b,m,n] = bias[n] + Σ_k A[b,m,k]·B[b or 0,n,k]`, [B0,B1,M,N]; to int8 "
        "requantised with the bias, multiplier and shift of scales[n]",
        operand_bytes="2·stride(K) + 4 if bias, 16 to int8",
        runs="2 + 1 if bias or to int8",
        taps="K",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the product: one B for all of A's matrices, or one for each."""
        a, b = operands[:2]
        if not is_batched(descriptor):
            a, b = a.reshape(-1, a.shape[-1]), b.reshape(b.shape[-2:])
        third = operands[2] if len(operands) == 3 else None
        return ended(descriptor, products(a, b), third).reshape(descriptor.output_shape)

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the shapes of B, of the bias if there is one, and of the output."""
        first, width = descriptor.input_shapes[0], descriptor.output_shape[3]
        batch = first[:2] if is_batched(descriptor) else (1, 1)
        shapes: tuple[Shape, ...] = ((*batch, width, first[3]), third_shape(descriptor))
        return (*shapes[: len(descriptor.inputs) - 1], (*first[:3], width))

    def taps(self, descriptor: Descriptor) -> int:
        """Returns K."""
        return descriptor.input_shapes[0][3]

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the bytes of a row of A, a row of B and the bias."""
        return 2 * row_stride(descriptor.input_shapes[0][3]) + third_bytes(descriptor)

    def factor_runs(self, descriptor: Descriptor, place: Place, position: int) -> list[Run]:
        """Returns the element's row of A or of B."""
        row = row_of_b(descriptor, place) if position == 1 else place.row
        return [row_run(self.input_spec(descriptor, position), row)]

    def factors(
        self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]
    ) -> tuple[Array, Array]:
        """Returns a row of A and a row of B, both [1, K]."""
        a, b = (
            operand.rows(self.factor_runs(descriptor, place, position)[0])
            for position, operand in enumerate(operands[:2])
        )
        return a.astype(np.int64), b

    def rows_per_product(self, descriptor: Descriptor) -> int:
        """Returns the output rows that share one B."""
        if is_batched(descriptor):
            return descriptor.output_shape[2]
        return super().rows_per_product(descriptor)


def is_batched(descriptor: Descriptor) -> bool:
    """Returns whether a matrix product has a B for each A, and not one B for all."""
    return descriptor.input_shapes[1][:2] != (1, 1)


def row_of_b(descriptor: Descriptor, place: Place) -> int:
    """Returns the row of B that the element needs, counted over all of B's matrices."""
    if not is_batched(descriptor):
        return place.column
    rows_of_a, rows_of_b = descriptor.input_shapes[0][2], descriptor.input_shapes[1][2]
    return rows_of_b * (place.row // rows_of_a) + place.column


def products(a: Array, b: Array) -> Array:
    """Returns exact int32 sums of int8 A[..., M, K] · B[..., N, K]ᵀ.

    Float32 because BLAS is fastest at it: 1,024 · 128 · 128 = 2^24 is its last exact sum.
    """
    total = np.zeros((*a.shape[:-1], b.shape[-2]), np.int32)
    for at in range(0, a.shape[-1], EXACT):
        left, right = (part[..., at : at + EXACT].astype(np.float32) for part in (a, b))
        total += (left @ right.swapaxes(-1, -2)).astype(np.int32)
    return total


def draft(a: Value, b: Operand, bias: Array | None = None, *, to: Narrowing | None = None) -> Draft:
    """int8 A[B0, B1, M, K] · B[N, K]ᵀ + int32 bias[N] to int32 [B0, B1, M, N], or to int8.

    B is constant or computed: one for all, or a batch [B0, B1, N, K] of one for each A.
    """
    width = operand_shape(b)[2]
    end = ending(bias, width, to)
    return Draft(
        Opcode.MATMUL,
        end.dtype_out,
        a,
        {ConstantSlot.WEIGHTS: b, **end.third},
        free=(*a.spec.shape[:3], width),
        fields=end.fields,
    )


OPERATOR = Matmul()

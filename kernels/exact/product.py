"""Sums of int8 products with a bias: the base of matmul, convolution and depthwise."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from kernels.descriptor import Descriptor, output_spec
from kernels.exact.element import Place, Run, Stored, element_run
from kernels.exact.grid import Grid, Point
from kernels.exact.operator import Fusion, Operator, Step
from kernels.trace import Array, row_stride

BIAS_BYTES = 4
QUAD_BYTES = 16


class Product(Operator):
    """A sum of int8 products per element. Input 1 has the weights, input 2 an optional bias."""

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the bias of the element's column, or the factors that the operator multiplies."""
        if position == 2:
            spec = self.input_spec(descriptor, position)
            return [element_run(spec, Place(0, place.column))]
        return self.factor_runs(descriptor, place, position)

    @abstractmethod
    def factor_runs(self, descriptor: Descriptor, place: Place, position: int) -> list[Run]:
        """Returns the runs of input 0 or 1."""
        raise NotImplementedError

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns the sum of products plus the bias, wrapped to int32."""
        left, right = self.factors(descriptor, place, operands)
        total: Array = (left.astype(np.int64) * right).sum(keepdims=True).reshape(1)
        bias = None
        if len(operands) == 3:
            bias = operands[2].read(self.runs(descriptor, place, 2, operands)[0])
        return int(wrapped(total, bias).item())

    @abstractmethod
    def factors(
        self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]
    ) -> tuple[Array, Array]:
        """Returns two arrays of one shape: values less the zero point, and weights."""
        raise NotImplementedError


class TiledProduct(Product):
    """A product whose kernel computes tiles in registers, and that leads a fused chain."""

    grid = Grid.PRODUCT
    fusion = Fusion(Step.PRODUCT, buffers=5)
    # Below this, tuning costs more than it saves.
    tuned_from = 1 << 27

    def constants(self, descriptor: Descriptor) -> Point:
        """Returns NARROW and OFFSET.

        NARROW: a row of the left operand is shorter than a quad of sixteen bytes. OFFSET: the left
        operand has a zero point.
        """
        return {
            "NARROW": int(row_stride(descriptor.input_shapes[0][3]) < QUAD_BYTES),
            "OFFSET": int(descriptor.zero_point_in != 0),
        }

    def groups(self, descriptor: Descriptor, point: Point) -> int:
        """Returns how many workgroups write the whole output, padding included."""
        return self.groups_of(descriptor, point, output_spec(descriptor).stride // 4)

    def fused_groups(self, descriptor: Descriptor, point: Point) -> int:
        """Returns the same for a chain: int8 rows may have more columns of padding than int32's."""
        columns = descriptor.output_shape[3]
        written = max(row_stride(4 * columns) // 4, row_stride(columns))
        return self.groups_of(descriptor, point, written)

    def groups_of(self, descriptor: Descriptor, point: Point, columns: int) -> int:
        """Returns the workgroups that write so many columns of each row."""
        rows, each = output_spec(descriptor).rows, self.rows_per_product(descriptor)
        down = -(-each // (point["GROUP_ROWS"] * point["TILE_ROWS"]))
        across = -(-columns // (point["GROUP_COLUMNS"] * point["TILE_COLUMNS"]))
        return rows // each * down * across

    def rows_per_product(self, descriptor: Descriptor) -> int:
        """Returns the output rows that share one right operand."""
        return output_spec(descriptor).rows


def bias_bytes(descriptor: Descriptor) -> int:
    """Returns the bytes of the bias that one element needs: 0 without a bias."""
    return BIAS_BYTES if len(descriptor.inputs) == 3 else 0


def wrapped(sums: Array, bias: Array | None) -> Array:
    """Returns exact sums plus an int32 bias [..., N], wrapped to int32."""
    total = sums.astype(np.int64)
    if bias is not None:
        total += bias.reshape(-1)
    return total.astype(np.int32)

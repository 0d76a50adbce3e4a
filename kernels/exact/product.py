"""Sums of int8 products: the base of matmul, convolution and depthwise."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from kernels.descriptor import Descriptor, output_spec
from kernels.exact.element import Place, Run, Stored
from kernels.exact.ending import ended, provable, third_run
from kernels.exact.grid import Grid, Point
from kernels.exact.operator import Fusion, Operator, Step, narrows
from kernels.trace import Array, row_stride

QUAD_BYTES = 16


class Product(Operator):
    """A sum of int8 products per element. Input 1 has the weights.

    Input 2 is an optional bias, or the scales of the channels where the output is int8.
    """

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the ending of the element's column, or the factors that are multiplied."""
        if position == 2:
            return [third_run(descriptor, self.input_spec(descriptor, position), place)]
        return self.factor_runs(descriptor, place, position)

    def has_scales(self, descriptor: Descriptor) -> bool:
        """Returns whether the sums are requantised."""
        return narrows(descriptor)

    @abstractmethod
    def factor_runs(self, descriptor: Descriptor, place: Place, position: int) -> list[Run]:
        """Returns the runs of input 0 or 1."""
        raise NotImplementedError

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns the sum of products, ended as the output's dtype says."""
        left, right = self.factors(descriptor, place, operands)
        total: Array = (left.astype(np.int64) * right).sum(keepdims=True).reshape(1)
        third = None
        if len(operands) == 3:
            run = self.runs(descriptor, place, 2, operands)[0]
            third = operands[2].rows(run) if narrows(descriptor) else operands[2].read(run)
        provable(descriptor, third)
        return int(ended(descriptor, total, third).item())

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
        """Returns NARROW, OFFSET and SHARED.

        NARROW: a row of the left operand is shorter than a quad of sixteen bytes. OFFSET: the left
        operand has a zero point. SHARED: a word of the output holds several rows.
        """
        return {
            "NARROW": int(row_stride(descriptor.input_shapes[0][3]) < QUAD_BYTES),
            "OFFSET": int(descriptor.zero_point_in != 0),
            "SHARED": int(shares_words(descriptor)),
        }

    def groups(self, descriptor: Descriptor, point: Point) -> int:
        """Returns how many workgroups write the whole output, padding included."""
        output = output_spec(descriptor)
        if shares_words(descriptor):
            each = 4 * point["GROUP_ROWS"] * point["GROUP_COLUMNS"]
            return -(-output.stored_bytes // each)
        return self.groups_of(descriptor, point, output.stride // output.dtype.size)

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


def shares_words(descriptor: Descriptor) -> bool:
    """Returns whether the output's rows are shorter than a word, which then holds several."""
    return output_spec(descriptor).stride < 4

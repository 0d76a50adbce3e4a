"""Operators that read a whole row per element: the base of reductions and normalisations."""

from collections.abc import Sequence

from kernels.descriptor import Descriptor
from kernels.exact.element import Place, Run, Stored, row_run
from kernels.exact.operator import Operator
from kernels.trace import Shape, row_stride


class Rowwise(Operator):
    """An operator over the last axis, whose first input is read row by row."""

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the stored bytes of one row."""
        return row_stride(descriptor.input_shapes[0][3] * descriptor.dtype_in.size)

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the element's row of input 0."""
        return [row_run(self.input_spec(descriptor, position), place.row)]

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns the element of the row that the operator gives for the row of input 0."""
        row = operands[0].rows(row_run(operands[0].spec, place.row))
        tables = [items[0] for items in self.read(descriptor, place, operands)[1:]]
        return int(self.evaluate(descriptor, [row, *tables])[0, place.column])


class Reduction(Rowwise):
    """A row-wise operator that gives one element per row."""

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the output's shape, [N, H, W, 1]."""
        first = descriptor.input_shapes[0]
        return ((*first[:3], 1),)

    def taps(self, descriptor: Descriptor) -> int:
        """Returns the length of a row."""
        return descriptor.input_shapes[0][3]

"""Largest int8 in a window."""

from collections.abc import Sequence
from math import prod

import numpy as np

from kernels.codes import Opcode
from kernels.descriptor import Descriptor, GraphError, Reason, Signature, Value, Window
from kernels.descriptor.signature import NARROW
from kernels.exact.element import Place, Run, Stored, element_run
from kernels.exact.operator import Draft, Notes, Operator
from kernels.exact.window import strips, window_output
from kernels.trace import Array, DType, Shape


class MaxPool(Operator):
    """The largest of the taps inside x."""

    opcode = Opcode.MAX_POOL
    signature = Signature((NARROW,), fields=("window",))
    notes = Notes(
        inputs="x[N,H,W,C]",
        output="largest of the taps inside x, [N,OH,OW,C]",
        operand_bytes="KH·KW",
        runs="KH·KW",
        taps="KH·KW",
        rule="The dilation is 1, 1",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns int8 [N, OH, OW, C]; taps in the padding never win."""
        window = descriptor.window
        top, left, bottom, right = window.padding
        # Every window holds a real tap, so a pad of the smallest value changes nothing.
        padded = np.pad(
            operands[0], ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=-128
        )
        views = np.lib.stride_tricks.sliding_window_view(padded, window.kernel, axis=(1, 2))
        largest: Array = views[:, :: window.stride[0], :: window.stride[1]].max(axis=(-2, -1))
        return largest

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the output's shape; raises GraphError on a bad window."""
        if descriptor.window.dilation != (1, 1):
            raise GraphError(Reason.BAD_WINDOW, "max pool has dilation 1")
        first = descriptor.input_shapes[0]
        return ((first[0], *window_output(descriptor), first[3]),)

    def taps(self, descriptor: Descriptor) -> int:
        """Returns the size of the window."""
        return prod(descriptor.window.kernel)

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns one byte per tap."""
        return prod(descriptor.window.kernel)

    def most_runs(self, descriptor: Descriptor) -> int:
        """Returns one run per tap."""
        return prod(descriptor.window.kernel)

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the element's channel of every pixel inside the image."""
        spec = self.input_spec(descriptor, position)
        return [
            element_run(spec, Place(strip.row + tap, place.column))
            for strip in strips(descriptor, place)
            for tap in range(strip.taps)
        ]

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns the largest tap."""
        return int(max(tap.item() for tap in self.read(descriptor, place, operands)[0]))


def draft(
    x: Value,
    kernel: tuple[int, int],
    *,
    stride: tuple[int, int] | None = None,
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> Draft:
    """Largest int8 in each window; the stride is the kernel's size unless given."""
    window = Window(kernel, stride or kernel, (1, 1), padding)
    return Draft(Opcode.MAX_POOL, DType.INT8, x, fields={"window": window})


OPERATOR = MaxPool()

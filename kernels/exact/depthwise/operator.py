"""Int8 convolution of each channel with a filter of its own."""

from collections.abc import Sequence
from math import prod

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Descriptor, Signature, Value, Window
from kernels.descriptor.signature import BIAS, CONVOLVED, FILTERS, SCALES, WIDENING, to_int8
from kernels.exact.element import Place, Run, Stored, element_run
from kernels.exact.ending import Narrowing, ended, ending, third_bytes, third_shape
from kernels.exact.grid import Grid
from kernels.exact.operator import Draft, Notes
from kernels.exact.product import Product
from kernels.exact.window import filter_run, met_by_taps, strips, window_output
from kernels.trace import Array, Shape


class Depthwise(Product):
    """A sum over a window of one channel."""

    opcode = Opcode.DEPTHWISE
    signature = Signature((WIDENING,), (FILTERS, BIAS), CONVOLVED)
    narrowed = to_int8(signature, (FILTERS, SCALES))
    grid = Grid.TILE
    notes = Notes(
        inputs="x[N,H,W,C], weights[C,KH,KW,1], bias[1,1,1,C] int32 (optional), to int8 "
        "scales[1,1,C,3] int32",
        output="as convolution, each channel with its own filter; [N,OH,OW,C]; to int8 requantised "
        "as in matmul",
        operand_bytes="2·KH·KW + 4 if bias, 16 to int8",
        runs="KH·KW + 1 + 1 if bias or to int8",
        taps="KH·KW",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns NHWC of int8 [N, H, W, C], weights [C, KH, KW, 1] and an optional third input.

        Float32 sums before the bias are exact: 16 · 255 · 128 < 2^24.
        """
        x, weights = operands[:2]
        filters = weights.astype(np.float32)
        sums = np.zeros(descriptor.output_shape, np.float32)
        for ky, kx, values in met_by_taps(descriptor, x):
            sums += values.astype(np.float32) * filters[:, ky, kx, 0]
        return ended(descriptor, sums, operands[2] if len(operands) == 3 else None)

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the shapes of the weights, of the bias if there is one, and of the output."""
        first = descriptor.input_shapes[0]
        output = (first[0], *window_output(descriptor), first[3])
        shapes: tuple[Shape, ...] = (
            (first[3], *descriptor.window.kernel, 1),
            third_shape(descriptor),
        )
        return (*shapes[: len(descriptor.inputs) - 1], output)

    def taps(self, descriptor: Descriptor) -> int:
        """Returns the size of the window."""
        return prod(descriptor.window.kernel)

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns one byte per tap and per weight, and the bias."""
        return 2 * prod(descriptor.window.kernel) + third_bytes(descriptor)

    def most_runs(self, descriptor: Descriptor) -> int:
        """Returns one run per tap, one for the filter and one for the bias if there is one."""
        return prod(descriptor.window.kernel) + len(descriptor.inputs) - 1

    def factor_runs(self, descriptor: Descriptor, place: Place, position: int) -> list[Run]:
        """Returns the element's channel of the pixels under the window, or the filter."""
        spec = self.input_spec(descriptor, position)
        if position == 1:
            return [filter_run(descriptor, spec, place)]
        return [
            element_run(spec, Place(strip.row + tap, place.column))
            for strip in strips(descriptor, place)
            for tap in range(strip.taps)
        ]

    def factors(
        self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]
    ) -> tuple[Array, Array]:
        """Returns what the window meets in the element's channel and the filter, both [taps, 1]."""
        x, weights = operands[:2]
        right = weights.rows(filter_run(descriptor, weights.spec, place))
        left = np.full(right.shape, descriptor.pad_value, np.int64)
        for strip in strips(descriptor, place):
            for tap in range(strip.taps):
                run = element_run(x.spec, Place(strip.row + tap, place.column))
                left[strip.tap + tap] = x.read(run)
        return left - descriptor.zero_point_in, right


def draft(
    x: Value,
    weights: Array,
    bias: Array | None = None,
    *,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    pad_value: int = 0,
    zero_point_in: int = 0,
    to: Narrowing | None = None,
) -> Draft:
    """Int8 NHWC with a filter per channel, [C, KH, KW, 1], and int32 bias [C] to int32 or int8."""
    kernel = weights.shape[1], weights.shape[2]
    end = ending(bias, weights.shape[0], to)
    return Draft(
        Opcode.DEPTHWISE,
        end.dtype_out,
        x,
        {ConstantSlot.WEIGHTS: weights, **end.third},
        fields={
            "window": Window(kernel, stride, dilation, padding),
            "pad_value": pad_value,
            "zero_point_in": zero_point_in,
            **end.fields,
        },
    )


OPERATOR = Depthwise()

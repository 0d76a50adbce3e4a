"""Direct int8 convolution with int32 sums."""

from collections.abc import Sequence
from math import prod

import numpy as np

from kernels.codes import ConstantSlot, Opcode
from kernels.descriptor import Descriptor, Signature, Value, Window
from kernels.descriptor.signature import BIAS, CONVOLVED, FILTERS, SCALES, WIDENING, to_int8
from kernels.exact.element import Place, Run, Stored, row_run
from kernels.exact.ending import Narrowing, ended, ending, third_bytes, third_shape
from kernels.exact.operator import Draft, LinearForm, Notes
from kernels.exact.product import TiledProduct
from kernels.exact.window import filter_run, met_by_taps, strips, window_output
from kernels.trace import Array, Shape, row_stride

# |x - zero point| · |w| of two int8.
LARGEST_PRODUCT = 255 * 128
EXACT_TERMS = (1 << 24) // LARGEST_PRODUCT
"""The longest sum that float32 holds exactly."""
LARGEST_BLOCK = 1 << 24
"""The most numbers that are laid out at once for one product."""


class Convolution(TiledProduct):
    """A sum over a window and all channels."""

    opcode = Opcode.CONVOLUTION
    linear_form = LinearForm.CONVOLUTION
    signature = Signature((WIDENING,), (FILTERS, BIAS), CONVOLVED)
    narrowed = to_int8(signature, (FILTERS, SCALES))
    notes = Notes(
        inputs="x[N,H,W,C], weights[O,KH,KW,C], bias[1,1,1,O] int32 (optional), to int8 "
        "scales[1,1,O,3] int32",
        output="`out = bias[o] + Σ (x − zero_point_in)·w`; a tap outside x counts as `pad_value`; "
        "[N,OH,OW,O]; to int8 requantised as in matmul",
        operand_bytes="2·KH·KW·stride(C) + 4 if bias, 16 to int8",
        runs="KH, or KH·KW if dilation w > 1; + 1 for the weights; + 1 if bias or to int8",
        taps="KH·KW·C (taps in the padding count)",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns NHWC of int8 [N, H, W, C], weights [O, KH, KW, C] and an optional third input.

        Products are summed in float32 where that is exact, which is faster than in float64, which
        always is: 4,096 · 255 · 128 < 2^53. As many taps as that allows are one product, because
        the product of few channels is slow.
        """
        x, weights = operands[:2]
        channels, count = x.shape[3], len(weights)
        number = np.float32 if channels <= EXACT_TERMS else np.float64
        matrices = weights.astype(number).reshape(count, -1, channels)
        place = descriptor.output_shape[:3]
        # One large product is faster than one for each row of the image.
        sums = np.zeros((prod(place), count), np.int32)
        taps = [values for _, _, values in met_by_taps(descriptor, x)]
        together = max(1, min(EXACT_TERMS, LARGEST_BLOCK // len(sums)) // channels)
        for first in range(0, len(taps), together):
            chosen = taps[first : first + together]
            met = np.empty((*place, len(chosen), channels), number)
            for at, values in enumerate(chosen):
                met[..., at, :] = values
            wanted = matrices[:, first : first + together].reshape(count, -1)
            sums += (met.reshape(len(sums), -1) @ wanted.T).astype(np.int32)
        third = operands[2] if len(operands) == 3 else None
        return ended(descriptor, sums, third).reshape(descriptor.output_shape)

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the shapes of the weights, of the bias if there is one, and of the output."""
        first, width = descriptor.input_shapes[0], descriptor.output_shape[3]
        output = (first[0], *window_output(descriptor), width)
        shapes: tuple[Shape, ...] = (
            (width, *descriptor.window.kernel, first[3]),
            third_shape(descriptor),
        )
        return (*shapes[: len(descriptor.inputs) - 1], output)

    def taps(self, descriptor: Descriptor) -> int:
        """Returns KH·KW·C; taps in the padding count."""
        return prod(descriptor.window.kernel) * descriptor.input_shapes[0][3]

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the bytes of the pixels under the window, of a filter and of the bias."""
        row = row_stride(descriptor.input_shapes[0][3])
        return 2 * prod(descriptor.window.kernel) * row + third_bytes(descriptor)

    def most_runs(self, descriptor: Descriptor) -> int:
        """Returns one run per row of the window, or per tap where a dilation keeps them apart."""
        height, width = descriptor.window.kernel
        apart = descriptor.window.dilation[1] > 1
        return height * (width if apart else 1) + len(descriptor.inputs) - 1

    def factor_runs(self, descriptor: Descriptor, place: Place, position: int) -> list[Run]:
        """Returns the pixels under the window, or the filter."""
        spec = self.input_spec(descriptor, position)
        if position == 1:
            return [filter_run(descriptor, spec, place)]
        return [row_run(spec, strip.row, strip.taps) for strip in strips(descriptor, place)]

    def factors(
        self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]
    ) -> tuple[Array, Array]:
        """Returns what the window meets and the filter, both [taps, C]."""
        x, weights = operands[:2]
        right = weights.rows(filter_run(descriptor, weights.spec, place))
        left = np.full(right.shape, descriptor.pad_value, np.int64)
        for strip in strips(descriptor, place):
            run = row_run(x.spec, strip.row, strip.taps)
            left[strip.tap : strip.tap + strip.taps] = x.rows(run)
        return left - descriptor.zero_point_in, right

    def access_pattern(self, descriptor: Descriptor) -> str:
        """Returns the window."""
        return str(descriptor.window)


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
    """Int8 NHWC with int8 weights [O, KH, KW, C] and int32 bias [O] to int32 or int8 NHWC."""
    kernel = weights.shape[1], weights.shape[2]
    end = ending(bias, weights.shape[0], to)
    return Draft(
        Opcode.CONVOLUTION,
        end.dtype_out,
        x,
        {ConstantSlot.WEIGHTS: weights, **end.third},
        free=(*x.spec.shape[:3], weights.shape[0]),
        fields={
            "window": Window(kernel, stride, dilation, padding),
            "pad_value": pad_value,
            "zero_point_in": zero_point_in,
            **end.fields,
        },
    )


OPERATOR = Convolution()

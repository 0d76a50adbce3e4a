"""A window that slides over an image: its output's size, and the taps that one element meets."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from kernels.descriptor import Descriptor, GraphError, Reason, TensorSpec
from kernels.exact.element import Place, Run, row_run
from kernels.trace import Array


@dataclass(frozen=True, slots=True)
class Strip:
    """Taps of one output element that are neighbours in a row of the image and lie inside it.

    `tap` is the first one's index in the kernel, `row` the pixel under it.
    """

    tap: int
    taps: int
    row: int


def window_output(descriptor: Descriptor) -> tuple[int, int]:
    """Returns height and width of the output; raises GraphError on a bad window."""
    shape, window = descriptor.input_shapes[0], descriptor.window
    if min(*window.kernel, *window.stride, *window.dilation) < 1:
        raise GraphError(Reason.BAD_WINDOW, "kernel, stride and dilation are at least 1")
    sizes = []
    for axis in range(2):
        extent = window.dilation[axis] * (window.kernel[axis] - 1) + 1
        before, after = window.padding[axis], window.padding[axis + 2]
        if max(before, after) >= extent:
            raise GraphError(
                Reason.BAD_WINDOW, f"padding {max(before, after)} is not below the extent {extent}"
            )
        room = shape[1 + axis] + before + after - extent
        if room < 0:
            raise GraphError(Reason.BAD_WINDOW, f"the window's extent {extent} does not fit")
        sizes.append(room // window.stride[axis] + 1)
    return sizes[0], sizes[1]


def strips(descriptor: Descriptor, place: Place) -> Iterator[Strip]:
    """Yields the taps inside the image in ascending order; a dilation across keeps them apart."""
    window = descriptor.window
    _, height, width, _ = descriptor.input_shapes[0]
    _, out_height, out_width, _ = descriptor.output_shape
    above, out_x = divmod(place.row, out_width)
    image, out_y = divmod(above, out_height)
    x_from = out_x * window.stride[1] - window.padding[1]
    for ky in range(window.kernel[0]):
        y = out_y * window.stride[0] - window.padding[0] + ky * window.dilation[0]
        if not 0 <= y < height:
            continue
        pixels = (image * height + y) * width
        across = [
            (kx, x)
            for kx in range(window.kernel[1])
            if 0 <= (x := x_from + kx * window.dilation[1]) < width
        ]
        joined = len(across) if window.dilation[1] == 1 else 1
        for kx, x in across[:: max(joined, 1)]:
            yield Strip(ky * window.kernel[1] + kx, joined, pixels + x)


def filter_run(descriptor: Descriptor, filters: TensorSpec, place: Place) -> Run:
    """Returns the run of a convolution's weights for one output channel."""
    taps = prod(descriptor.window.kernel)
    return row_run(filters, place.column * taps, taps)


def met_by_taps(descriptor: Descriptor, x: Array) -> Iterator[tuple[int, int, Array]]:
    """Yields each tap (ky, kx) with the inputs [N, OH, OW, C] that it meets, in int16.

    The zero point is already subtracted.
    """
    window = descriptor.window
    top, left, bottom, right = window.padding
    padded = np.pad(
        x.astype(np.int16),
        ((0, 0), (top, bottom), (left, right), (0, 0)),
        constant_values=descriptor.pad_value,
    )
    padded -= descriptor.zero_point_in
    _, height, width, _ = descriptor.output_shape
    down, across = window.stride
    for ky in range(window.kernel[0]):
        for kx in range(window.kernel[1]):
            y, x_at = ky * window.dilation[0], kx * window.dilation[1]
            yield (
                ky,
                kx,
                padded[
                    :,
                    y : y + (height - 1) * down + 1 : down,
                    x_at : x_at + (width - 1) * across + 1 : across,
                ],
            )

"""The phases of a transposed convolution: ordinary windows, one per remainder of the stride."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.network import Node
from kernels.onnx.exact.operators.weights import Int16
from kernels.onnx.exact.operators.windows import Sizes, Window, listed
from kernels.onnx.exact.tensor import Layout, Tensor


@dataclass(frozen=True, slots=True)
class Phases:
    """Output q of an axis is position q div stride of phase q mod stride.

    `window` slides over the image less `crop`, by steps of 1. `skip` outputs precede the wanted
    ones, of which there are `outputs`.
    """

    stride: Sizes
    dilation: Sizes
    window: Window
    crop: tuple[tuple[int, int], ...]
    skip: Sizes
    outputs: Sizes

    @property
    def count(self) -> int:
        """The number of phases."""
        return prod(self.stride)

    @property
    def kept(self) -> tuple[slice, ...]:
        """The wanted part of all interleaved outputs, [N, axes, O]."""
        inner = (
            slice(skip, skip + count) for skip, count in zip(self.skip, self.outputs, strict=True)
        )
        return (slice(None), *inner, slice(None))

    def filters(self, values: Int16) -> Int16:
        """Returns weights [phases · O, C, window] of weights [O, C, kernel]."""
        outputs, channels = values.shape[:2]
        whole = [step * taps for step, taps in zip(self.stride, self.window.kernel, strict=True)]
        wide = np.zeros((outputs, channels, *whole), np.int16)
        taps = tuple(
            slice(0, apart * (size - 1) + 1, apart)
            for apart, size in zip(self.dilation, values.shape[2:], strict=True)
        )
        wide[(slice(None), slice(None), *taps)] = values
        phases = product(*map(range, self.stride))
        found = [
            wide[
                (
                    slice(None),
                    slice(None),
                    *(slice(at, None, step) for at, step in zip(phase, self.stride, strict=True)),
                )
            ]
            for phase in phases
        ]
        axes = tuple(range(2, values.ndim))
        return np.asarray(np.flip(np.concatenate(found), axes))

    def seen(self, image: Tensor) -> Tensor:
        """Returns the part of an image [N, axes, C] that the window meets."""
        inner = (
            slice(start, size - end)
            for (start, end), size in zip(self.crop, image.shape[1:-1], strict=True)
        )
        return image.viewed(image.layout[(slice(None), *inner)])

    def interleaved(self, layout: Layout) -> Layout:
        """Returns [N, positions, phases · O] as [N, position, phase, ..., O]."""
        count, *positions, _ = layout.shape
        split = layout.reshape((count, *positions, *self.stride, -1))
        axes = len(positions)
        order = [each for axis in range(axes) for each in (1 + axis, 1 + axes + axis)]
        return split.transpose(0, *order, 2 * axes + 1)


def phases_of(node: Node, sizes: Sequence[int], kernel: Sequence[int]) -> Phases:
    """Returns the phases of a ConvTranspose over an image of spatial sizes.

    Raises LoweringError where its attributes give no output.
    """
    axes = len(sizes)
    stride = tuple(listed(node.attributes, "strides", axes))
    dilation = tuple(listed(node.attributes, "dilations", axes))
    starts, outputs = _outputs(node, sizes, kernel, stride, dilation)
    if min(outputs) < 1:
        raise LoweringError(node.label, f"its output would be {tuple(outputs)}")
    taps, before, after, crop, skip, positions = [], [], [], [], [], []
    for axis, size in enumerate(sizes):
        step, start = stride[axis], starts[axis]
        extent = dilation[axis] * (kernel[axis] - 1) + 1
        first, last = start // step, (start + outputs[axis] - 1) // step
        beyond = last - (size - 1)
        # A tap of zero lets the window reach beyond what the last element contributes to.
        count = max(-(-extent // step), beyond + 1)
        above = count - 1 - first
        taps.append(count)
        before.append(max(above, 0))
        after.append(max(beyond, 0))
        crop.append((max(-above, 0), max(-beyond, 0)))
        skip.append(start - first * step)
        positions.append(last - first + 1)
    seen = tuple(size - sum(ends) for size, ends in zip(sizes, crop, strict=True))
    if min(seen) < 1:
        raise LoweringError(node.label, "its output lies outside of what the input contributes to")
    ones = (1,) * axes
    window = Window(seen, tuple(taps), ones, ones, tuple(before), tuple(after), tuple(positions))
    return Phases(stride, dilation, window, tuple(crop), tuple(skip), tuple(outputs))


def _outputs(
    node: Node, sizes: Sequence[int], kernel: Sequence[int], stride: Sizes, dilation: Sizes
) -> tuple[list[int], list[int]]:
    """Returns the padding before each axis and the output's sizes, as ONNX defines them."""
    axes = len(sizes)
    added = [int(each) for each in node.attributes.get("output_padding") or [0] * axes]
    pads = [int(each) for each in node.attributes.get("pads") or [0] * (2 * axes)]
    mode = node.attributes.get("auto_pad", "NOTSET")
    wanted = node.attributes.get("output_shape")
    starts, outputs = [], []
    for axis in range(axes):
        extent = dilation[axis] * (kernel[axis] - 1) + 1
        whole = stride[axis] * (sizes[axis] - 1) + added[axis] + extent
        if wanted or mode in ("SAME_UPPER", "SAME_LOWER"):
            size = int(wanted[axis - axes]) if wanted else sizes[axis] * stride[axis]
            total = whole - size
            if total < 0:
                raise LoweringError(
                    node.label, f"an output of {size} where its input gives {whole}; set the pads"
                )
            starts.append(total // 2 if mode == "SAME_UPPER" else total - total // 2)
            outputs.append(size)
        elif mode == "VALID":
            starts.append(0)
            outputs.append(whole)
        else:
            starts.append(pads[axis])
            outputs.append(whole - pads[axis] - pads[axis + axes])
    return starts, outputs

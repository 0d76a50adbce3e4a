"""The geometry of sliding windows, and the parts into which the referee's limits divide one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.network import Node
from kernels.onnx.exact.tensor import Tensor
from kernels.trace.layout import Array

# More parts than this cost more than any other way to compute the result.
MOST_PARTS = 32

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """A window over the spatial axes of an image of `sizes`.

    `before` and `after` are ONNX's padding; `outputs` the number of positions. With ceil_mode, the
    last position may reach beyond `after`, and with strides it may end before it.
    """

    sizes: Sizes
    kernel: Sizes
    stride: Sizes
    dilation: Sizes
    before: Sizes
    after: Sizes
    outputs: Sizes

    @property
    def extent(self) -> Sizes:
        """The elements from a window's first to its last, both included."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True))

    @property
    def reach(self) -> Sizes:
        """The padding at the end that the last position meets; negative where it ends inside."""
        return tuple(
            (count - 1) * step + extent - start - size
            for count, step, extent, start, size in zip(
                self.outputs, self.stride, self.extent, self.before, self.sizes, strict=True
            )
        )

    @property
    def padded(self) -> bool:
        """Whether a position meets an element outside of the image."""
        return any(self.before) or max(self.reach) > 0

    def positions(self, axis: int) -> Array:
        """Returns the coordinates [outputs, kernel] that the taps meet along an axis."""
        starts = np.arange(self.outputs[axis]) * self.stride[axis] - self.before[axis]
        taps = np.arange(self.kernel[axis]) * self.dilation[axis]
        return np.asarray(starts[:, np.newaxis] + taps)

    def counts(self, *, with_padding: bool) -> Array:
        """Returns how many taps of each position are counted: those inside the image, or those
        inside the image and ONNX's padding.
        """
        total = np.ones((1,) * len(self.sizes), np.int64)
        for axis, size in enumerate(self.sizes):
            low = -self.before[axis] if with_padding else 0
            high = size + self.after[axis] if with_padding else size
            at = self.positions(axis)
            inside = ((at >= low) & (at < high)).sum(axis=1)
            shape = [1] * len(self.sizes)
            shape[axis] = -1
            total = total * inside.reshape(shape)
        return total

    def of_axes(self, axes: slice) -> "Window":
        """Returns the window over some of the axes."""
        return Window(
            self.sizes[axes],
            self.kernel[axes],
            self.stride[axes],
            self.dilation[axes],
            self.before[axes],
            self.after[axes],
            self.outputs[axes],
        )

    def raised(self) -> "Window":
        """Returns the same window with a first axis of one element."""
        one, none = (1,), (0,)
        return Window(
            one + self.sizes,
            one + self.kernel,
            one + self.stride,
            one + self.dilation,
            none + self.before,
            none + self.after,
            one + self.outputs,
        )

    def unpadded(self) -> "Window":
        """Returns the same window over an image to which its padding was added."""
        sizes = tuple(
            size + start + max(end, 0)
            for size, start, end in zip(self.sizes, self.before, self.reach, strict=True)
        )
        none = (0,) * len(sizes)
        return Window(sizes, self.kernel, self.stride, self.dilation, none, none, self.outputs)


@dataclass(frozen=True, slots=True)
class Part:
    """The taps `first`, `first + step`, ... of both axes, as a window of its own.

    `crop` and `padding` are top, left, bottom and right: what the part never meets, and what it
    meets outside of the image.
    """

    first: tuple[int, int]
    step: tuple[int, int]
    kernel: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int, int, int]
    crop: tuple[int, int, int, int]

    @property
    def valid(self) -> bool:
        """Whether every padding is below the extent, as an operator requires."""
        extent = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True)]
        return all(pad < extent[side % 2] for side, pad in enumerate(self.padding))

    def taps_of(self, filters: Array) -> Array:
        """Returns the part's taps of filters [O, C, KH, KW]."""
        rows = slice(self.first[0], None, self.step[0])
        return filters[:, :, rows, self.first[1] :: self.step[1]]

    def seen(self, image: Tensor) -> Tensor:
        """Returns the part of an image [N, H, W, C] that the window meets."""
        top, left, bottom, right = self.crop
        _, height, width, _ = image.shape
        return image.viewed(image.layout[:, top : height - bottom, left : width - right])


def parts_of(window: Window, fits: Callable[[Part, bool], bool], *, bias: bool) -> list[Part]:
    """Returns the fewest parts of a window over two axes that fit; the first has the bias.

    Each axis is divided into every n-th tap, because those keep the extent, and so the padding. The
    list is empty where at most 32 parts do not fit. `fits(part, bias)` knows the limits.
    """
    divisions = sorted(
        product(*(range(1, size + 1) for size in window.kernel)),
        key=lambda steps: (prod(steps), steps[1]),
    )
    for steps in divisions:
        if prod(steps) > MOST_PARTS:
            break
        parts = sorted(_divided(window, steps), key=lambda part: prod(part.kernel))
        first, *others = parts
        if fits(first, bias) and all(fits(each, False) for each in others):
            return parts
    return []


def _divided(window: Window, steps: Sizes) -> Iterator[Part]:
    for first in product(*map(range, steps)):
        kernel, dilation, start, end = [], [], [], []
        for axis, (at, step) in enumerate(zip(first, steps, strict=True)):
            size, apart = window.kernel[axis], window.dilation[axis]
            count = len(range(at, size, step))
            last = at + (count - 1) * step
            kernel.append(count)
            dilation.append(apart * step if count > 1 else 1)
            start.append(window.before[axis] - at * apart)
            end.append(window.reach[axis] - (size - 1 - last) * apart)
        # The output's size rounds down, so that less than a stride at the end does no harm.
        ends = [
            0 if -step < each < 0 else each for each, step in zip(end, window.stride, strict=True)
        ]
        sides = (start[0], start[1], ends[0], ends[1])
        padding = tuple(max(side, 0) for side in sides)
        crop = tuple(max(-side, 0) for side in sides)
        yield Part(
            (first[0], first[1]),
            (steps[0], steps[1]),
            (kernel[0], kernel[1]),
            (dilation[0], dilation[1]),
            (padding[0], padding[1], padding[2], padding[3]),
            (crop[0], crop[1], crop[2], crop[3]),
        )


def window_of(node: Node, sizes: Sequence[int], kernel: Sequence[int]) -> Window:
    """Returns the window that a node's attributes describe over an image of spatial sizes.

    Raises LoweringError where it does not fit the image.
    """
    axes = len(sizes)
    if len(kernel) != axes:
        raise LoweringError(node.label, f"a window of {len(kernel)} axes over an image of {axes}")
    stride = listed(node.attributes, "strides", axes)
    dilation = listed(node.attributes, "dilations", axes)
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    mode = node.attributes.get("auto_pad", "NOTSET")
    pads = [int(each) for each in node.attributes.get("pads") or [0] * (2 * axes)]
    if mode == "VALID":
        pads = [0] * (2 * axes)
    before, after, outputs = [], [], []
    for axis, (size, step, width) in enumerate(zip(sizes, stride, extent, strict=True)):
        start, end = pads[axis], pads[axis + axes]
        if mode in ("SAME_UPPER", "SAME_LOWER"):
            count = -(-size // step)
            needed = (count - 1) * step + width - size
            if needed < 0 and node.kind != "Conv":
                # onnxruntime shifts the windows of a mean, and refuses those of a maximum.
                raise LoweringError(
                    node.label, f"{mode} with a stride of {step} beyond the window; set the pads"
                )
            needed = max(needed, 0)
            start = needed // 2 if mode == "SAME_UPPER" else -(-needed // 2)
            end = needed - start
        else:
            count = _positions(size + start + end - width, step, node)
            if node.attributes.get("ceil_mode", 0) and (count - 1) * step >= size + start:
                count -= 1
        if count < 1:
            raise LoweringError(node.label, f"a window of {width} exceeds an axis of {size}")
        before.append(start)
        after.append(end)
        outputs.append(count)
    return Window(
        tuple(sizes),
        tuple(int(each) for each in kernel),
        tuple(stride),
        tuple(dilation),
        tuple(before),
        tuple(after),
        tuple(outputs),
    )


def listed(attributes: Any, name: str, axes: int) -> list[int]:
    """Returns an attribute with one number per spatial axis, 1 by default."""
    return [int(each) for each in attributes.get(name) or [1] * axes]


def channels_last(x: Tensor) -> Tensor:
    """Returns a view [N, spatial axes, C] of an image [N, C, spatial axes]."""
    return x.viewed(np.moveaxis(x.layout, 1, -1))


def channels_first(x: Tensor) -> Tensor:
    """Returns a view [N, C, spatial axes] of an image [N, spatial axes, C]."""
    return x.viewed(np.moveaxis(x.layout, -1, 1))


def _positions(room: int, step: int, node: Node) -> int:
    return (-(-room // step) if node.attributes.get("ceil_mode", 0) else room // step) + 1

"""The largest element or the mean of windows and of whole images."""

from collections.abc import Sequence
from math import prod

import numpy as np

from kernels.codes import MAX_OPERAND_RUNS
from kernels.graph import Value
from kernels.onnx.exact.emitter import Emitter
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.gathering import selected
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node
from kernels.onnx.exact.operators.convolutions import Filters, summed
from kernels.onnx.exact.operators.linear import dense
from kernels.onnx.exact.operators.reductions import reduced
from kernels.onnx.exact.operators.weights import Int16, Kernel
from kernels.onnx.exact.operators.windows import (
    Window,
    channels_first,
    channels_last,
    window_of,
)
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace.layout import Array

# A mean as a product by a constant matrix of so many elements needs no copy of its sums.
SMALL_MATRIX = 1 << 18
# Up to so many taps, sums over windows take few operators.
FEW_TAPS = 64


@operator("MaxPool")
def max_pool(lowering: Lowering, node: Node) -> None:
    """Lowers MaxPool with values as its only used output."""
    indices = node.outputs[1] if len(node.outputs) > 1 else ""
    if indices and (lowering.network.consumers(indices) or lowering.network.is_output(indices)):
        raise LoweringError(
            node.label, "the positions of maxima have no exact form; export without"
        )
    x, back = _image(lowering, node)
    window = window_of(node, x.shape[2:], node.attributes["kernel_shape"])
    image = channels_last(x)
    if len(window.sizes) > 2 or max(window.dilation) > 1:
        positions = {1 + axis: _inside(node, window, axis) for axis in range(len(window.sizes))}
        image = selected(lowering.emit, image, positions)
        window = _apart(window)
    result = _largest(lowering.emit, image, window)
    lowering.put(node, _returned(channels_first(result), back=back))


@operator("GlobalMaxPool")
def global_max_pool(lowering: Lowering, node: Node) -> None:
    """Lowers the largest element over all spatial axes."""
    x = lowering.int8(node)
    count, channels = x.shape[:2]
    height = prod(x.shape[2:])
    value = lowering.emit.stored(channels_last(x), (count, height, 1, channels))
    while height > 1:
        taps = min(height, MAX_OPERAND_RUNS)
        height = -(-height // taps)
        after = height * taps - value.spec.shape[1]
        value = lowering.emit.build.max_pool(value, (taps, 1), padding=(0, 0, after, 0))
    result = Tensor.dense(
        value, (count, *[1] * (x.layout.ndim - 2), channels), x.scale, x.zero_point
    )
    lowering.put(node, channels_first(result))


@operator("AveragePool")
def average_pool(lowering: Lowering, node: Node) -> None:
    """Lowers AveragePool to sums over windows; each position may count another number of elements.

    A scale per position needs the positions along the last axis.
    """
    x, back = _image(lowering, node)
    window = window_of(node, x.shape[2:], node.attributes["kernel_shape"])
    counts = window.counts(with_padding=bool(node.attributes.get("count_include_pad", 0)))
    if counts.min() < 1:
        raise LoweringError(node.label, "a window lies in the padding alone, so its mean is 0 / 0")
    shape = (*x.shape[:2], *window.outputs)
    area = prod(window.sizes) * prod(window.outputs)
    even = bool((counts == counts.flat[0]).all())
    if window.kernel == window.sizes and prod(window.outputs) == 1 and not window.padded:
        result = reduced(lowering.emit, x, tuple(range(2, x.layout.ndim)), keep=True)
    elif even and (prod(window.kernel) <= FEW_TAPS or area > SMALL_MATRIX):
        result = channels_first(_sums(lowering, node, x, window, float(counts.flat[0])))
    elif area <= SMALL_MATRIX:
        rows = lowering.emit.arranged(x, (*x.shape[:2], prod(window.sizes)))
        ones = _matrix(window)
        product = dense(lowering, rows, Kernel(ones, 1.0 / counts.reshape(-1)), None)
        result = product.viewed(product.layout.reshape(shape))
    else:
        sums = channels_first(_sums(lowering, node, x, window, 1.0))
        turned = lowering.emit.stored(sums, (x.shape[0], x.shape[1], prod(window.outputs)))
        result = Tensor.dense(turned, shape, float(x.scale) / counts.reshape(-1))
    lowering.put(node, _returned(result, back=back))


@operator("GlobalAveragePool")
def global_average_pool(lowering: Lowering, node: Node) -> None:
    """Lowers the mean over all spatial axes."""
    x, back = _image(lowering, node)
    result = reduced(lowering.emit, x, tuple(range(2, x.layout.ndim)), keep=True)
    lowering.put(node, _returned(result, back=back))


def _image(lowering: Lowering, node: Node) -> tuple[Tensor, bool]:
    """Returns an image [N, C, axes], and whether the node has its channels last."""
    x = lowering.int8(node)
    if node.attributes.get("channels_last", 0):
        return channels_first(x), True
    return x, False


def _returned(result: Tensor, *, back: bool) -> Tensor:
    return channels_last(result) if back else result


def _sums(lowering: Lowering, node: Node, x: Tensor, window: Window, count: float) -> Tensor:
    """Returns sums over windows, int32 [N, outputs, C], at the scale of their mean of `count`."""
    channels = x.shape[1]
    ones = Kernel(np.ones((channels, 1, *window.kernel), np.int16), np.ones(channels))
    image = channels_last(x)
    value = summed(lowering, node, image, Filters(ones, depthwise=True), window)
    return Tensor.dense(value, (x.shape[0], *window.outputs, channels), float(x.scale) / count)


def _matrix(window: Window) -> Int16:
    """Returns which elements each position sums: 1 or 0 in int16 [positions, elements]."""
    whole: Int16 = np.ones((1, 1), np.int16)
    for axis, size in enumerate(window.sizes):
        along = np.zeros((window.outputs[axis], size), np.int16)
        for tap in window.positions(axis).T:
            inside = (tap >= 0) & (tap < size)
            along[np.flatnonzero(inside), tap[inside]] = 1
        whole = np.kron(whole, along)
    return whole


def _largest(emit: Emitter, image: Tensor, window: Window) -> Tensor:
    """Returns the maxima of windows over an image [N, axes, C], as [N, outputs, C].

    Windows over three axes must not overlap, so that the last two can be reduced first.
    """
    count, *sizes, channels = image.shape
    outer = sizes[:-2]
    plane = (1, *sizes)[-2:]
    value = emit.stored(image, (count * prod(outer), *plane, channels))
    value = _maxima(emit, value, window.of_axes(slice(-2, None)))
    if outer:
        column = (count, outer[0], prod(window.outputs[1:]), channels)
        value = _maxima(emit, emit.build.reshape(value, column), window.of_axes(slice(0, 1)), 0)
    shape = (count, *window.outputs, channels)
    return Tensor.dense(value, shape, image.scale, image.zero_point)


def _maxima(emit: Emitter, value: Value, window: Window, first: int = -1) -> Value:
    """Returns the maxima over one or two axes of [N, H, W, C]; one axis is W unless `first` is 0.

    A window of more taps than the referee reads is a chain of smaller ones.
    """
    kernel, stride, before, after = [1, 1], [1, 1], [0, 0], [0, 0]
    places = (0, 1) if len(window.kernel) == 2 else (first,)
    for axis, place in enumerate(places):
        kernel[place], stride[place] = window.kernel[axis], window.stride[axis]
        before[place], after[place] = window.before[axis], max(window.reach[axis], 0)
    if prod(kernel) <= MAX_OPERAND_RUNS:
        pads = (before[0], before[1], after[0], after[1])
        return _pooled(emit, value, kernel, stride, pads)
    for axis in (0, 1):
        taps, start, end = kernel[axis], before[axis], after[axis]
        while taps > 1 or stride[axis] > 1:
            # Maxima of neighbouring maxima: windows of a and b elements make one of a + b - 1.
            now = min(taps, MAX_OPERAND_RUNS)
            last = now == taps
            sides = [min(start, now - 1), min(end, now - 1)]
            around = [0, 0, 0, 0]
            around[axis], around[axis + 2] = sides
            size, step = [1, 1], [1, 1]
            size[axis], step[axis] = now, stride[axis] if last else 1
            value = _pooled(emit, value, size, step, (around[0], around[1], around[2], around[3]))
            if last:
                break
            taps, start, end = taps - now + 1, start - sides[0], end - sides[1]
    return value


def _pooled(
    emit: Emitter,
    value: Value,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: tuple[int, int, int, int],
) -> Value:
    size, step = (kernel[0], kernel[1]), (stride[0], stride[1])
    return emit.build.max_pool(value, size, stride=step, padding=padding)


def _inside(node: Node, window: Window, axis: int) -> Array:
    """Returns the coordinates [outputs · kernel] of all taps; one in the padding repeats another.

    A repeated element does not change a maximum.
    """
    at = window.positions(axis)
    inside = (at >= 0) & (at < window.sizes[axis])
    if not inside.any(axis=1).all():
        raise LoweringError(node.label, "a window lies in the padding alone")
    first = np.take_along_axis(at, inside.argmax(axis=1)[:, np.newaxis], axis=1)
    return np.where(inside, at, first).reshape(-1)


def _apart(window: Window) -> Window:
    """Returns windows side by side, which do not overlap."""
    sizes = tuple(count * taps for count, taps in zip(window.outputs, window.kernel, strict=True))
    none, ones = (0,) * len(sizes), (1,) * len(sizes)
    return Window(sizes, window.kernel, window.kernel, ones, none, none, window.outputs)

"""Sums over windows, Conv and ConvTranspose: plain, depthwise and grouped, in one to three axes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import numpy as np
import numpy.typing as npt

from kernels.codes import MAX_OPERAND_BYTES, MAX_OPERAND_RUNS
from kernels.exact.ending import SCALE_BYTES
from kernels.graph import Value
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.gathering import padded
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node
from kernels.onnx.exact.operators.phases import Phases, phases_of
from kernels.onnx.exact.operators.weights import Int16, Kernel, bias_codes, fitted, kernel
from kernels.onnx.exact.operators.windows import (
    MOST_PARTS,
    Part,
    Window,
    channels_first,
    channels_last,
    parts_of,
    window_of,
)
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import row_stride

Bias = npt.NDArray[np.int32] | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Weights [O, C, kernel] and their bias in units of the sum; [C, 1, kernel] if depthwise."""

    weights: Kernel
    bias: Bias = None
    depthwise: bool = False


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a sum is divided: pieces of so many channels, times parts of the window."""

    channels: int
    parts: list[Part]
    window: Window


@operator("Conv")
def convolution(lowering: Lowering, node: Node) -> None:
    """Lowers Conv with one, two or three spatial axes: plain, depthwise or grouped."""
    x = lowering.int8(node)
    weights, bias = _weights(lowering, node, x, kernel(lowering.constant(node, 1), 0))
    window = window_of(node, x.shape[2:], weights.values.shape[2:])
    groups = int(node.attributes.get("group", 1))
    depthwise = groups == x.shape[1] and groups > 1
    image = channels_last(x)
    if depthwise:
        image = _repeated(lowering, image, len(weights.values) // groups, inner=True)
    else:
        weights = replace(weights, values=_ungrouped(weights.values, groups))
    value = summed(lowering, node, image, Filters(weights, bias, depthwise), window)
    shape = (x.shape[0], *window.outputs, len(weights.values))
    result = Tensor.dense(value, shape, weights.scale * float(x.scale))
    lowering.put(node, channels_first(result))


@operator("ConvTranspose")
def transposed_convolution(lowering: Lowering, node: Node) -> None:
    """Lowers ConvTranspose to one convolution whose channels are the phases of the stride.

    The phases are then interleaved, as in DepthToSpace.
    """
    x = lowering.int8(node)
    groups = int(node.attributes.get("group", 1))
    turned = _turned(kernel(lowering.constant(node, 1), 1), groups)
    weights, bias = _weights(lowering, node, x, turned)
    outputs = len(weights.values)
    depthwise = groups == x.shape[1] == outputs and groups > 1
    values = weights.values if depthwise else _ungrouped(weights.values, groups)
    phases = phases_of(node, x.shape[2:], values.shape[2:])
    weights = Kernel(phases.filters(values), np.tile(weights.scale, phases.count))
    bias = None if bias is None else np.tile(bias, phases.count)
    image = phases.seen(channels_last(x))
    if depthwise:
        image = _repeated(lowering, image, phases.count, inner=False)
    value = summed(lowering, node, image, Filters(weights, bias, depthwise), phases.window)
    unit = weights.scale * float(x.scale)
    result = Tensor.dense(value, (x.shape[0], *phases.window.outputs, len(unit)), unit)
    lowering.put(node, channels_first(_interleaved(lowering, node, result, phases)))


def summed(
    lowering: Lowering, node: Node, image: Tensor, filters: Filters, window: Window
) -> Value:
    """Returns int32 [N, outputs, O] of an int8 image [N, sizes, C].

    A window beyond the referee's limits is divided into operators that are added. Raises
    LoweringError where too many would be needed.
    """
    values = filters.weights.values
    if len(window.sizes) == 1:
        image = image.viewed(image.layout[:, np.newaxis])
        return _summed_plane(
            lowering, node, image, _taking(filters, values[:, :, np.newaxis]), window.raised()
        )
    if len(window.sizes) == 2:
        return _summed_plane(lowering, node, image, filters, window)
    if window.padded:
        image = _with_padding(lowering, image, window.of_axes(slice(0, 1)))
    total: Value | None = None
    for tap in range(window.kernel[0]):
        start = tap * window.dilation[0]
        end = start + (window.outputs[0] - 1) * window.stride[0] + 1
        layers = image.viewed(image.layout[:, start : end : window.stride[0]])
        planes = lowering.emit.arranged(layers, (prod(layers.shape[:2]), *layers.shape[2:]))
        taken = _taking(filters, values[:, :, tap])
        found = _summed_plane(lowering, node, planes, taken, window.of_axes(slice(1, 3)))
        total = found if total is None else lowering.emit.build.add(total, found)
        filters = replace(filters, bias=None)
    assert total is not None
    return total


def _summed_plane(
    lowering: Lowering, node: Node, image: Tensor, filters: Filters, window: Window
) -> Value:
    build = lowering.emit.build
    append = build.depthwise if filters.depthwise else build.convolution
    plan = _plan(node, image, filters, window)
    if plan.window is not window:
        image = _with_padding(lowering, image, window)
    total: Value | None = None
    bias, whole = filters.bias, filters.weights.values
    for start in range(0, image.shape[3], plan.channels):
        piece = slice(start, start + plan.channels)
        values = whole if filters.depthwise else whole[:, piece]
        for part in plan.parts:
            seen = part.seen(image.viewed(image.layout[..., piece]))
            for half in replace(filters.weights, values=part.taps_of(values)).halves():
                if total is not None and not half.any():
                    continue
                product = append(
                    lowering.emit.stored(seen, seen.shape),
                    half.transpose(0, 2, 3, 1),
                    bias,
                    stride=(window.stride[0], window.stride[1]),
                    dilation=part.dilation,
                    padding=part.padding,
                    pad_value=image.zero_point,
                    zero_point_in=image.zero_point,
                )
                total = product if total is None else build.add(total, product)
                bias = None
    assert total is not None
    return total


def _taking(filters: Filters, values: Int16) -> Filters:
    """Returns filters with other weights of the same scales."""
    return replace(filters, weights=replace(filters.weights, values=values))


def _plan(node: Node, image: Tensor, filters: Filters, window: Window) -> _Plan:
    """Returns the plan that writes the fewest bytes; raises LoweringError where none is small."""
    written = 4 * image.shape[0] * prod(window.outputs) * len(filters.weights.values)

    def cost(plan: _Plan) -> int:
        pieces = -(-image.shape[3] // plan.channels)
        cropped = sum(any(part.crop) for part in plan.parts)
        copies = cropped + (pieces > 1) + (plan.window is not window)
        return (2 * pieces * len(plan.parts) - 1) * written + copies * image.layout.size

    bias = filters.bias is not None
    plans = list(_plans(image, window, bias=bias, depthwise=filters.depthwise))
    if not plans:
        raise LoweringError(
            node.label,
            f"a window of {prod(window.kernel)} taps over {image.shape[3]} channels needs more "
            f"than {MOST_PARTS} operators; write it as a chain of smaller windows",
        )
    return min(plans, key=cost)


def _plans(image: Tensor, window: Window, *, bias: bool, depthwise: bool) -> Iterator[_Plan]:
    channels = image.shape[3]
    while True:
        for inside in (window, window.unpadded()) if window.padded else (window,):

            def fits(part: Part, bias: bool, width: int = channels) -> bool:
                return part.valid and _fits(part, width, bias=bias, depthwise=depthwise)

            parts = parts_of(inside, fits, bias=bias)
            if parts:
                yield _Plan(channels, parts, inside)
        if depthwise or channels == 1:
            return
        channels = -(-channels // 2)


def _fits(part: Part, channels: int, *, bias: bool, depthwise: bool) -> bool:
    """Returns whether the referee can judge an element: see `kernels.exact.rules`."""
    rows, columns = part.kernel
    if depthwise:
        runs, size = rows * columns, 2 * rows * columns
    else:
        runs = rows * (columns if part.dilation[1] > 1 else 1)
        size = 2 * rows * columns * row_stride(channels)
    size += SCALE_BYTES
    return runs + 1 + bias <= MAX_OPERAND_RUNS and size <= MAX_OPERAND_BYTES


def _weights(lowering: Lowering, node: Node, x: Tensor, weights: Kernel) -> tuple[Kernel, Bias]:
    """Returns weights and bias in units of the sum; checks that the shapes fit the image."""
    axes, groups = x.layout.ndim - 2, int(node.attributes.get("group", 1))
    if not 1 <= axes <= 3:
        raise LoweringError(node.label, f"{axes} spatial axes have no exact form")
    if weights.values.ndim != x.layout.ndim or weights.values.shape[1] * groups != x.shape[1]:
        raise LoweringError(
            node.label, f"weights {weights.values.shape} in {groups} groups do not fit {x.shape}"
        )
    real = np.zeros(len(weights.values))
    if lowering.has(node, 2):
        real = lowering.real(node, 2).reshape(-1)
    weights = fitted(weights, real, float(x.scale), x.zero_point)
    return weights, bias_codes(real, weights, float(x.scale))


def _with_padding(lowering: Lowering, image: Tensor, window: Window) -> Tensor:
    sides = [(start, max(end, 0)) for start, end in zip(window.before, window.reach, strict=True)]
    pads = [(0, 0), *sides, *[(0, 0)] * (image.layout.ndim - 1 - len(sides))]
    return padded(lowering.emit, image, pads, image.zero_point)


def _repeated(lowering: Lowering, image: Tensor, times: int, *, inner: bool) -> Tensor:
    """Returns an image whose channels are repeated, one by one (inner) or all together."""
    if times == 1:
        return image
    *outer, channels = image.shape
    if not image.covers:
        image = lowering.emit.arranged(image, image.shape)
    seen = image.layout[..., np.newaxis] if inner else image.layout[..., np.newaxis, :]
    pair = (channels, times) if inner else (times, channels)
    spread = image.viewed(np.broadcast_to(seen, (*outer, *pair)))
    return lowering.emit.arranged(spread, (*outer, channels * times))


def _ungrouped(values: Int16, groups: int) -> Int16:
    """Returns weights over all channels, zero where a group does not see a channel."""
    if groups == 1:
        return values
    outputs, seen = len(values) // groups, values.shape[1]
    spread = np.zeros((len(values), seen * groups, *values.shape[2:]), np.int16)
    for group in range(groups):
        rows = slice(group * outputs, (group + 1) * outputs)
        spread[rows, group * seen : (group + 1) * seen] = values[rows]
    return spread


def _turned(weights: Kernel, groups: int) -> Kernel:
    """Returns ConvTranspose's weights [O / groups, C, kernel] as Conv's [O, C / groups, kernel]."""
    values = np.concatenate(np.split(weights.values, groups, axis=1))
    return Kernel(values, np.tile(weights.scale, groups))


def _interleaved(lowering: Lowering, node: Node, result: Tensor, phases: Phases) -> Tensor:
    """Returns phases [N, positions, phases · O] as an image [N, positions · stride, O]."""
    if phases.count > 1:
        target = lowering.wanted(node.outputs[0])
        whole = (
            lowering.emit.int32(result) if target is None else lowering.emit.int8(result, target)
        )
        moved = phases.interleaved(whole.layout)
        sizes = [prod(pair) for pair in zip(moved.shape[1:-1:2], moved.shape[2:-1:2], strict=True)]
        result = lowering.emit.arranged(
            whole.viewed(moved), (moved.shape[0], *sizes, moved.shape[-1])
        )
    return result.viewed(result.layout[phases.kept])

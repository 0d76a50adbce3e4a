"""PRelu: one slope below zero for every channel, or one for all."""

import numpy as np

from kernels.graph.fixed_point import fixed_point
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, LOW, Node, Quantisation, Real
from kernels.onnx.exact.operators.elementwise import unary
from kernels.onnx.exact.tensor import Tensor, stored_shape
from kernels.onnx.registration import operator
from kernels.trace import DType

SMALLEST = 2.0**-62
"""Stands for a factor of zero, which a requantise cannot have: every int32 becomes 0."""
STEPS = HIGH - LOW
"""An output in 8 bits has so many steps in its range, on both sides of zero together."""


@operator("PRelu")
def prelu(lowering: Lowering, node: Node) -> None:
    """Lowers PRelu: one slope to a table, slopes of channels within 0..1 to a maximum.

    max(x, slope · x) is right for those. For any other slopes the parts above and below zero are
    added.
    """
    slope = lowering.real(node, 1)
    if np.all(slope == slope.reshape(-1)[0]):
        unary(lowering, node)
        return
    x = lowering.tensor(node)
    if not x.covers:
        x = lowering.emit.arranged(x, stored_shape(x.shape)).viewed_as(x.shape)
    target = lowering.wanted(node.outputs[0])
    channels = _channels(x, slope)
    if channels is None or target is None:
        lowering.put(node, _of_bytes(lowering, node, slope))
    elif channels.min() < 0 or channels.max() > 1:
        lowering.put(node, _in_parts(lowering, x, channels, target))
    else:
        lowering.put(node, _largest(lowering, x, channels, target))


def _channels(x: Tensor, slope: Real) -> Real | None:
    """Returns one slope per channel of the last stored axis, None where slopes vary otherwise."""
    spread = slope.reshape((1,) * (x.layout.ndim - slope.ndim) + slope.shape)
    last = x.order[-1]
    if spread.shape[last] != spread.size or x.shape[last] != x.value.spec.shape[3]:
        return None
    return spread.reshape(-1)


def _largest(lowering: Lowering, x: Tensor, slope: Real, target: Quantisation) -> Tensor:
    """Returns max(x, slope · x), each rounded to int8 once."""
    build = lowering.emit.build
    wide = x if x.dtype is DType.INT32 else lowering.emit.int32(x)
    units = np.broadcast_to(wide.scale, slope.shape) / target.scale
    shape = wide.value.spec.shape
    rows = (1, 1, shape[0] * shape[1] * shape[2], shape[3])
    parts = []
    for factor in (units, np.maximum(units * slope, SMALLEST)):
        multiplier, shift = fixed_point(factor)
        part = build.requantise(
            wide.value,
            multiplier,
            shift,
            zero_point_out=target.zero_point,
            clamp=(target.low, target.high),
        )
        parts.append(build.view(part, rows))
    pooled = build.max_pool(build.concat(parts[0], parts[1], 1), (2, 1))
    return wide.rewritten(build.view(pooled, shape), target.scale, target.zero_point)


def _in_parts(lowering: Lowering, x: Tensor, slope: Real, target: Quantisation) -> Tensor:
    """Returns what is above zero and the slope times what is below, each rounded once, as int32."""
    build = lowering.emit.build
    wide = x if x.dtype is DType.INT32 else lowering.emit.int32(x)
    units = np.broadcast_to(wide.scale, slope.shape) / target.scale
    above = build.requantise(wide.value, *fixed_point(units), clamp=(0, STEPS), dtype=DType.INT32)
    below = build.requantise(
        wide.value,
        *fixed_point(np.maximum(units * np.abs(slope), SMALLEST)),
        zero_point_out=HIGH,
        clamp=(LOW, HIGH),
    )
    signs = np.where(slope < 0, -1, 1).astype(np.int8).reshape(1, 1, 1, -1)
    signed = build.multiply(below, signs, zero_point_a=HIGH)
    return wide.rewritten(build.add(above, signed), target.scale)


def _of_bytes(lowering: Lowering, node: Node, slope: Real) -> Tensor:
    """Returns the same from int8 elements, with slopes in 8 bits that vary along any axes."""
    emit = lowering.emit
    x = lowering.int8(node)
    largest = max(1.0, float(np.abs(slope).max()))
    codes = np.rint(slope / largest * HIGH).astype(np.int8)
    above = emit.clamp(x, x.zero_point, HIGH)
    below = emit.clamp(x, LOW, x.zero_point)
    seen, left, right = emit.beside(below, codes)
    scale = float(x.scale) * largest / HIGH
    scaled = seen.rewritten(emit.build.multiply(left, right, zero_point_a=x.zero_point), scale)
    seen, first, second = emit.paired(scaled, emit.int32(above, scale))
    return seen.rewritten(emit.build.add(first, second))

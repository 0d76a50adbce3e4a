"""Softmax, layer norm and the norm by the root of the mean square."""

import math

import numpy as np

from kernels.codes import MAX_OPERAND_BYTES, MAX_SHIFT
from kernels.graph import Value
from kernels.graph.fixed_point import fixed_point
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node, Quantisation, Real
from kernels.onnx.exact.operators.elementwise import WIDE_STEPS
from kernels.onnx.exact.tensor import Tensor, stored_shape
from kernels.onnx.registration import operator
from kernels.trace import DType

ROW_STEPS = 32_767
NORMAL_STEPS = 2.0**20
GAMMA_BITS = 30
SHARE_STEPS = 256
SHARE_ZERO = -128
SHARE_OF_LN2 = 1_024 / math.log(2.0)


@operator("Softmax")
def softmax(lowering: Lowering, node: Node) -> None:
    """Lowers softmax over any axis to shares of 1/256, directly from int32 scores.

    Rows that are too long for the referee as int32 are read as int8.
    """
    x = lowering.tensor(node)
    axis = int(node.attributes.get("axis", -1))
    if x.dtype is DType.INT32 and 4 * x.shape[axis] > MAX_OPERAND_BYTES:
        x = lowering.int8(node)
    if x.per_channel:
        x = lowering.emit.int32(x)
    if x.shape[axis] * x.dtype.size > MAX_OPERAND_BYTES:
        # The scores of so long a row fit only as int8.
        x = lowering.int8(node)
    rows = x.viewed(np.moveaxis(x.layout, axis, -1))
    value = lowering.emit.stored(rows, stored_shape(rows.shape))
    multiplier, shift = fixed_point(np.array([SHARE_OF_LN2 * float(x.scale)]))
    shares = lowering.emit.build.softmax(value, int(multiplier[0]), int(shift[0]))
    result = Tensor.dense(shares, rows.shape, 1.0 / SHARE_STEPS, SHARE_ZERO)
    lowering.put(node, result.viewed(np.moveaxis(result.layout, -1, axis)))


@operator("LayerNormalization")
def layer_norm(lowering: Lowering, node: Node) -> None:
    """Lowers layer norm of 16-bit rows.

    The exact operator has no epsilon, so rows of almost equal values differ from ONNX.
    """
    if len(node.outputs) > 1:
        raise LoweringError(node.label, "mean and deviation outputs have no exact form")
    x = lowering.tensor(node)
    _require_last(node, x, node.attributes.get("axis", -1))
    channels = x.shape[-1]
    rows = lowering.emit.stored(_sixteen_bits(lowering, node, x), stored_shape(x.shape))
    gamma = np.broadcast_to(lowering.real(node, 1), (channels,))
    beta = np.broadcast_to(lowering.real(node, 2) if lowering.has(node, 2) else 0.0, (channels,))
    value, scale = _normalised(lowering, node, rows, gamma, beta)
    lowering.put(node, Tensor.dense(value, x.shape, scale))


@operator("SimplifiedLayerNormalization")
def rms_norm(lowering: Lowering, node: Node) -> None:
    """Lowers x over the root of its mean square: the layer norm of x beside -x, whose mean is 0.

    It has no epsilon, as layer norm.
    """
    x = lowering.int8(node)
    _require_last(node, x, node.attributes.get("axis", -1))
    channels = x.shape[-1]
    gamma = np.broadcast_to(lowering.real(node, 1), (channels,))
    turned = Quantisation(float(x.scale), -1 - x.zero_point)
    opposite = lowering.emit.table(x, lambda real: -real, turned)
    shape = stored_shape(x.shape)
    left, right = (
        lowering.emit.stored(_sixteen_bits(lowering, node, each), shape) for each in (x, opposite)
    )
    rows = lowering.emit.build.concat(left, right, 3)
    value, scale = _normalised(
        lowering, node, rows, np.concatenate([gamma, gamma]), np.zeros(2 * channels)
    )
    result = Tensor.dense(value, (*x.shape[:-1], 2 * channels), scale)
    lowering.put(node, result.viewed(result.layout[..., :channels]))


def _normalised(
    lowering: Lowering, node: Node, rows: Value, gamma: Real, beta: Real
) -> tuple[Value, float]:
    """Returns the layer norm of rows of 16 bits, and its scale."""
    channels = len(gamma)
    peak = lowering.peak(node.outputs[0])
    if peak is None:
        peak = float(math.sqrt(channels) * np.abs(gamma).max() + np.abs(beta).max())
    scale = (peak or 1.0) / WIDE_STEPS
    factor = gamma * math.sqrt(channels) / (NORMAL_STEPS * scale)
    largest = float(np.abs(factor).max()) or 1.0
    shift = min(max(GAMMA_BITS - math.frexp(largest)[1], 1), MAX_SHIFT)
    value = lowering.emit.build.layer_norm(
        rows,
        np.rint(np.ldexp(factor, shift)).astype(np.int32),
        np.rint(beta / scale).astype(np.int32),
        shift,
    )
    return value, scale


def _sixteen_bits(lowering: Lowering, node: Node, x: Tensor) -> Tensor:
    """Returns rows of elements within 16 bits; the operator does not depend on their scale."""
    if x.dtype is DType.INT8 and not x.per_channel:
        factor = np.full((1,) * max(x.layout.ndim, 1), 127, np.int8)
        seen, left, right = lowering.emit.beside(x, factor)
        value = lowering.emit.build.multiply(left, right, zero_point_a=x.zero_point)
        return seen.rewritten(value, float(x.scale) / 127)
    peak = lowering.peak(node.inputs[0])
    if peak is None:
        raise LoweringError(
            node.label, "the range of its input is unknown; quantise it, or calibrate"
        )
    fits = not x.per_channel and peak / float(x.scale) <= ROW_STEPS
    return x if fits else lowering.emit.int32(x, (peak or 1.0) / WIDE_STEPS)


def _require_last(node: Node, x: Tensor, axis: int) -> None:
    if axis % x.layout.ndim != x.layout.ndim - 1:
        raise LoweringError(node.label, f"axis {axis} is not the last; transpose before it")

"""Softmax and layer norm over the last axis."""

import math

import numpy as np

from kernels.codes import MAX_SHIFT
from kernels.graph.fixed_point import fixed_point
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node
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
    """Lowers softmax to shares of 1/256, directly from int32 scores."""
    x = lowering.tensor(node)
    _require_last(node, x, node.attributes.get("axis", -1))
    if x.per_channel:
        x = lowering.emit.int32(x)
    value = lowering.emit.stored(x, stored_shape(x.shape))
    multiplier, shift = fixed_point(np.array([SHARE_OF_LN2 * float(x.scale)]))
    shares = lowering.emit.build.softmax(value, int(multiplier[0]), int(shift[0]))
    lowering.put(node, Tensor.dense(shares, x.shape, 1.0 / SHARE_STEPS, SHARE_ZERO))


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
    lowering.put(node, Tensor.dense(value, x.shape, scale))


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

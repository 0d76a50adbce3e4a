"""Matrix products and convolutions: int8 weights, zero points in the bias, long sums in parts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.codes import MAX_OPERAND_BYTES
from kernels.exact.ending import SCALE_BYTES
from kernels.graph import Value
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, LOW, Node, Real, Weights
from kernels.onnx.exact.operators.windows import padding_of, spatial
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import DType, row_stride
from kernels.trace.layout import WIDE_ROW

# What an element's operands may take beside its channel's scale, and the longest sum within that.
OPERAND_BYTES = MAX_OPERAND_BYTES - SCALE_BYTES
MATMUL_TERMS = OPERAND_BYTES // 2 // WIDE_ROW * WIDE_ROW
BIAS_LIMIT = 2.0**31 - 1

Int16 = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Kernel:
    """Weights [N, ...] as int16, whose magnitude may exceed int8, and one scale per output of N."""

    values: Int16
    scale: Real

    def halves(self) -> list[npt.NDArray[np.int8]]:
        """Returns int8 tensors that add up to the weights: one, or two where they exceed int8."""
        first = np.clip(self.values, LOW, HIGH)
        rest = self.values - first
        parts = [first, rest] if rest.any() else [first]
        return [part.astype(np.int8) for part in parts]


def kernel(found: npt.NDArray[Any] | Weights, axis: int) -> Kernel:
    """Returns weights with their output axis first; floats are quantised per channel."""
    if isinstance(found, Weights):
        values = np.moveaxis(found.values, axis, 0)
        if found.scale.ndim and found.axis != axis:
            return kernel(found.real, axis)
        return Kernel(values, np.broadcast_to(found.scale, (len(values),)))
    real = np.moveaxis(np.asarray(found, np.float64), axis, 0)
    largest = np.abs(real.reshape(len(real), -1)).max(axis=1)
    scale = np.where(largest > 0, largest / HIGH, 1.0)
    spread = scale.reshape(-1, *[1] * (real.ndim - 1))
    return Kernel(np.rint(real / spread).astype(np.int16), scale)


def bias_of(
    lowering: Lowering,
    node: Node,
    position: int,
    unit: Real,
    *,
    folded: Int16 | None = None,
    zero_point: int = 0,
) -> npt.NDArray[np.int32] | None:
    """Returns the bias in units of the sum, less the input's zero point term; None when it is zero.

    Raises LoweringError where the bias exceeds int32.
    """
    total = np.zeros(len(unit))
    if lowering.has(node, position):
        total = np.rint(lowering.real(node, position).reshape(-1) / unit)
    if folded is not None and zero_point:
        sums = folded.reshape(len(folded), -1).astype(np.int64).sum(axis=1)
        total = total - zero_point * sums
    if np.any(np.abs(total) > BIAS_LIMIT):
        raise LoweringError(node.label, "the bias exceeds int32 in units of the sum")
    return total.astype(np.int32) if total.any() else None


@operator("MatMul")
def matmul(lowering: Lowering, node: Node) -> None:
    """Lowers MatMul with an optional third input, the bias."""
    if lowering.computed(node.inputs[1]):
        batched(lowering, node)
        return
    found = lowering.constant(node, 1)
    if (found.values if isinstance(found, Weights) else found).ndim != 2:
        raise LoweringError(node.label, "a constant right operand must have two axes")
    lowering.put(node, dense(lowering, node, 1))


@operator("Gemm")
def gemm(lowering: Lowering, node: Node) -> None:
    """Lowers Gemm with constant weights."""
    plain = node.attributes.get("alpha", 1.0) == 1.0 and node.attributes.get("beta", 1.0) == 1.0
    if not plain or node.attributes.get("transA", 0):
        raise LoweringError(node.label, "only alpha = beta = 1 without transA has an exact form")
    lowering.put(node, dense(lowering, node, 0 if node.attributes.get("transB", 0) else 1))


def _factors(lowering: Lowering, node: Node, axis: int) -> tuple[Tensor, Kernel]:
    """Returns activations and weights [N, K]; scales of single channels move into the weights."""
    scales = lowering.network.channels.get(node.inputs[0])
    if scales is None or lowering.tensor(node).dtype is DType.INT8:
        return lowering.int8(node), kernel(lowering.constant(node, 1), axis)
    x = lowering.emit.channels(lowering.tensor(node), scales)
    spread = scales if axis == 0 else scales[:, np.newaxis]
    scaled = kernel(lowering.real(node, 1) * spread, axis)
    return replace(x, scale=np.asarray(1.0)), scaled


def dense(lowering: Lowering, node: Node, axis: int) -> Tensor:
    """Returns x [..., K] int8 times weights with outputs along an axis.

    Each part sums at most 3,840 terms.
    """
    x, weights = _factors(lowering, node, axis)
    unit = weights.scale * float(x.scale)
    terms = x.shape[-1]
    folded = bias_of(lowering, node, 2, unit, folded=weights.values, zero_point=x.zero_point)
    edges = [*range(0, terms, MATMUL_TERMS), terms]
    total: Value | None = None
    for start, end in pairwise(edges):
        part = x.viewed(x.layout[..., start:end])
        rows = lowering.emit.stored(part, (int(np.prod(x.shape[:-1])), end - start))
        for half in replace(weights, values=weights.values[:, start:end]).halves():
            product = lowering.emit.build.matmul(rows, half, folded)
            total = product if total is None else lowering.emit.build.add(total, product)
            folded = None
    assert total is not None
    return Tensor.dense(total, (*x.shape[:-1], len(unit)), unit)


def batched(lowering: Lowering, node: Node) -> None:
    """Lowers a product of two computed tensors; row sums subtract both zero points."""
    emit, build = lowering.emit, lowering.emit.build
    a = lowering.int8(node)
    b = lowering.int8(node, 1)
    if a.layout.ndim < 2 or b.layout.ndim < 2:
        raise LoweringError(node.label, "both operands must have at least two axes")
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    (rows, terms), width = a.shape[-2:], b.shape[-1]
    if terms > MATMUL_TERMS:
        raise LoweringError(node.label, f"{terms} terms in a computed operand; at most 3,840")
    outer = (1,) * (2 - min(len(batch), 2)) + batch
    outer = (int(np.prod(outer[:-1])), outer[-1])
    left = emit.stored(
        a.viewed(np.broadcast_to(a.layout, (*batch, rows, terms))), (*outer, rows, terms)
    )
    turned = np.broadcast_to(np.swapaxes(b.layout, -1, -2), (*batch, width, terms))
    right = emit.stored(b.viewed(turned), (*outer, width, terms))
    value = build.matmul(left, right)
    if a.zero_point:
        sums = _row_sums(lowering, node, right, -a.zero_point)
        value = build.add(value, build.reshape(sums, (*outer, 1, width)))
    if b.zero_point:
        value = build.add(value, _row_sums(lowering, node, left, -b.zero_point))
    if a.zero_point and b.zero_point:
        both = np.full((1, 1, 1, 1), terms * a.zero_point * b.zero_point, np.int32)
        value = build.add(value, both)
    scale = float(a.scale) * float(b.scale)
    lowering.put(node, Tensor.dense(value, (*batch, rows, width), scale))


@operator("Conv")
def convolution(lowering: Lowering, node: Node) -> None:
    """Lowers Conv with one or two spatial axes: plain, depthwise or grouped."""
    x = spatial(lowering.int8(node), node)
    found = lowering.constant(node, 1)
    weights = kernel(found, 0)
    values = weights.values if weights.values.ndim == 4 else weights.values[:, :, np.newaxis]
    attributes = node.attributes
    stride, dilation = _pair(attributes, "strides"), _pair(attributes, "dilations")
    window = {
        "stride": stride,
        "dilation": dilation,
        "padding": padding_of(node, x.shape[2:], values.shape[2:], stride, dilation),
        "pad_value": x.zero_point,
        "zero_point_in": x.zero_point,
    }
    unit = weights.scale * float(x.scale)
    bias = bias_of(lowering, node, 2, unit)
    groups = int(attributes.get("group", 1))
    image = x.viewed(x.layout.transpose(0, 2, 3, 1))
    whole = Kernel(values, weights.scale)
    if groups == x.shape[1] == len(values) and groups > 1:
        value = _depthwise(lowering, image, whole, bias, window)
    else:
        spread = replace(whole, values=_ungrouped(values, groups))
        value = _plain(lowering, image, spread, bias, window)
    result = Tensor.dense(value, value.spec.shape, unit)
    seen = result.layout.transpose(0, 3, 1, 2)
    flat = len(lowering.tensor(node).shape) == 3
    lowering.put(node, result.viewed(seen[:, :, 0] if flat else seen))


def _plain(
    lowering: Lowering,
    image: Tensor,
    weights: Kernel,
    bias: npt.NDArray[np.int32] | None,
    window: dict[str, Any],
) -> Value:
    channels, taps = image.shape[3], weights.values.shape[2] * weights.values.shape[3]
    part = channels
    while 2 * taps * row_stride(part) > OPERAND_BYTES and part > 1:
        part = (part + 1) // 2
    total: Value | None = None
    for start in range(0, channels, part):
        seen = image.viewed(image.layout[..., start : start + part])
        value = lowering.emit.stored(seen, seen.shape)
        sliced = replace(weights, values=weights.values[:, start : start + part])
        for half in sliced.halves():
            product = lowering.emit.build.convolution(
                value, half.transpose(0, 2, 3, 1), bias, **window
            )
            total = product if total is None else lowering.emit.build.add(total, product)
            bias = None
    assert total is not None
    return total


def _depthwise(
    lowering: Lowering,
    image: Tensor,
    weights: Kernel,
    bias: npt.NDArray[np.int32] | None,
    window: dict[str, Any],
) -> Value:
    value = lowering.emit.stored(image, image.shape)
    total: Value | None = None
    for half in weights.halves():
        filters = half.transpose(0, 2, 3, 1)
        product = lowering.emit.build.depthwise(value, filters, bias, **window)
        total = product if total is None else lowering.emit.build.add(total, product)
        bias = None
    assert total is not None
    return total


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


def _row_sums(lowering: Lowering, node: Node, value: Value, factor: int) -> Value:
    """Returns factor times the sum of each row, int32 [..., 1]."""
    build = lowering.emit.build
    if factor <= HIGH:
        row = np.full((1, 1, 1, value.spec.shape[3]), factor, np.int8)
        return build.matmul(value, row)
    summed = build.reduce_sum(value)
    return build.requantise(summed, factor << 1, 1, dtype=DType.INT32)


def _pair(attributes: Any, name: str) -> tuple[int, int]:
    found: Sequence[int] = attributes.get(name) or (1, 1)
    return (1, int(found[0])) if len(found) == 1 else (int(found[0]), int(found[1]))

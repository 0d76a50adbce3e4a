"""Matrix products: int8 weights, zero points in the bias, long sums in parts."""

from dataclasses import replace
from itertools import pairwise
from math import prod

import numpy as np

from kernels.codes import MAX_OPERAND_BYTES
from kernels.exact.ending import SCALE_BYTES
from kernels.graph import Value
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, Node, Real, Weights
from kernels.onnx.exact.operators.weights import (
    SUM_LIMIT,
    Int16,
    Kernel,
    bias_codes,
    fitted,
    kernel,
)
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import DType
from kernels.trace.layout import WIDE_ROW

# The longest sum whose operands the referee reads beside its channel's bias and scale.
MATMUL_TERMS = (MAX_OPERAND_BYTES - SCALE_BYTES) // 2 // WIDE_ROW * WIDE_ROW
LARGEST_FACTOR = 255


@operator("MatMul")
def matmul(lowering: Lowering, node: Node) -> None:
    """Lowers MatMul with an optional third input, the bias; either operand may be a constant."""
    first, second = (lowering.computed(name) for name in node.inputs[:2])
    if first and second:
        lowering.put(node, _of_two(lowering, node))
    elif first:
        lowering.put(node, _by_right(lowering, node))
    else:
        lowering.put(node, _by_left(lowering, node))


def dense(lowering: Lowering, x: Tensor, weights: Kernel, bias: Real | None = None) -> Tensor:
    """Returns x [..., K] int8 times weights [N, K] plus a bias [N], int32 [..., N].

    Each operator sums at most 3,840 terms.
    """
    real = np.zeros(len(weights.values)) if bias is None else bias
    weights = fitted(weights, real, float(x.scale), x.zero_point)
    folded = bias_codes(real, weights, float(x.scale), x.zero_point)
    total: Value | None = None
    for start, end in _pieces(x.shape[-1]):
        part = x.viewed(x.layout[..., start:end])
        rows = lowering.emit.stored(part, (prod(x.shape[:-1]), end - start))
        for half in replace(weights, values=weights.values[:, start:end]).halves():
            product = lowering.emit.build.matmul(rows, half, folded)
            total = product if total is None else lowering.emit.build.add(total, product)
            folded = None
    assert total is not None
    shape = (*x.shape[:-1], len(weights.values))
    return Tensor.dense(total, shape, weights.scale * float(x.scale))


def _by_right(lowering: Lowering, node: Node) -> Tensor:
    found = lowering.constant(node, 1)
    axes = (found.values if isinstance(found, Weights) else found).ndim
    if axes == 2:
        x, weights = _factors(lowering, node)
        bias = lowering.real(node, 2).reshape(-1) if lowering.has(node, 2) else None
        _require_terms(node, x, weights.values)
        return dense(lowering, x, weights, bias)
    x = lowering.int8(node)
    if axes == 1:
        weights = kernel(_row(found), 0)
        _require_terms(node, x, weights.values)
        product = dense(lowering, x, weights)
        return product.viewed(product.layout[..., 0])
    return _by_batch(lowering, node, x, found, turned=True)


def _by_left(lowering: Lowering, node: Node) -> Tensor:
    """Returns A·B of a constant A as (Bᵀ·Aᵀ)ᵀ."""
    found = lowering.constant(node, 0)
    axes = (found.values if isinstance(found, Weights) else found).ndim
    b = lowering.int8(node, 1)
    vector = b.layout.ndim == 1
    x = b if vector else b.viewed(np.swapaxes(b.layout, -1, -2))
    if axes > 2:
        product = _by_batch(lowering, node, x, found, turned=False)
    else:
        weights = kernel(found if axes == 2 else _row(found), 0)
        _require_terms(node, x, weights.values)
        product = dense(lowering, x, weights)
    if axes == 1:
        return product.viewed(product.layout[..., 0])
    return product if vector else product.viewed(np.swapaxes(product.layout, -1, -2))


def _factors(lowering: Lowering, node: Node) -> tuple[Tensor, Kernel]:
    """Returns activations and weights [N, K]; scales of single channels move into the weights."""
    scales = lowering.network.channels.get(node.inputs[0])
    if scales is None or lowering.tensor(node).dtype is DType.INT8:
        return lowering.int8(node), kernel(lowering.constant(node, 1), 1)
    x = lowering.emit.channels(lowering.tensor(node), scales)
    scaled = kernel(lowering.real(node, 1) * scales[:, np.newaxis], 1)
    return replace(x, scale=np.asarray(1.0)), scaled


def _by_batch(
    lowering: Lowering, node: Node, x: Tensor, found: Weights | Real, *, turned: bool
) -> Tensor:
    """Returns x [..., R, K] times constant matrices [..., O, K], or [..., K, O] if they are turned.

    All matrices share one scale per output.
    """
    build = lowering.emit.build
    real = found.real if isinstance(found, Weights) else np.asarray(found, np.float64)
    real = np.swapaxes(real, -1, -2) if turned else real
    left = x.viewed(x.layout[np.newaxis]) if x.layout.ndim == 1 else x
    _require_terms(node, left, real)
    if isinstance(found, Weights) and not found.scale.ndim:
        codes = np.swapaxes(found.values, -1, -2) if turned else found.values
        weights = Kernel(np.moveaxis(codes, -2, 0), np.full(codes.shape[-2], float(found.scale)))
    else:
        weights = kernel(real, -2)
    _require_int32(node, real.shape[-1])
    batch = np.broadcast_shapes(left.shape[:-2], real.shape[:-2])
    rows, outputs = left.shape[-2], real.shape[-2]
    outer = _outer(batch)
    spread = np.broadcast_to(left.layout, (*batch, *left.shape[-2:]))
    total: Value | None = None
    for half in weights.halves():
        matrices = np.broadcast_to(np.moveaxis(half, 0, -2), (*batch, *real.shape[-2:]))
        for start, end in _pieces(real.shape[-1]):
            part = left.viewed(spread[..., start:end])
            taken = np.ascontiguousarray(matrices[..., start:end])
            value = build.matmul(
                lowering.emit.stored(part, (*outer, rows, end - start)),
                taken.reshape(*outer, outputs, end - start),
            )
            total = value if total is None else build.add(total, value)
    assert total is not None
    if x.zero_point:
        sums = np.moveaxis(weights.values.astype(np.int64).sum(axis=-1), 0, -1)
        off = np.broadcast_to(-x.zero_point * sums, (*batch, outputs)).astype(np.int32)
        total = build.add(total, off.reshape(*outer, 1, outputs))
    unit = weights.scale * float(x.scale)
    product = Tensor.dense(total, (*batch, rows, outputs), unit)
    return product.viewed(product.layout[..., 0, :]) if x.layout.ndim == 1 else product


def _of_two(lowering: Lowering, node: Node) -> Tensor:
    """Returns a product of two computed tensors."""
    a, b = lowering.int8(node), lowering.int8(node, 1)
    left = a.viewed(a.layout[np.newaxis]) if a.layout.ndim == 1 else a
    right = b.viewed(b.layout[:, np.newaxis]) if b.layout.ndim == 1 else b
    if left.shape[-1] != right.shape[-2]:
        raise LoweringError(node.label, f"{a.shape} and {b.shape} do not fit")
    _require_int32(node, left.shape[-1])
    product = _batched(lowering, left, right)
    layout = product.layout
    if b.layout.ndim == 1:
        layout = layout[..., 0]
    if a.layout.ndim == 1:
        layout = layout[..., 0, :] if b.layout.ndim > 1 else layout[..., 0]
    return product.viewed(layout)


def _batched(lowering: Lowering, a: Tensor, b: Tensor) -> Tensor:
    """Returns a [..., R, K] times b [..., K, N]; row sums subtract both zero points."""
    build = lowering.emit.build
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    rows, terms, width = a.shape[-2], a.shape[-1], b.shape[-1]
    outer = _outer(batch)
    spread = np.broadcast_to(a.layout, (*batch, rows, terms))
    turned = np.broadcast_to(np.swapaxes(b.layout, -1, -2), (*batch, width, terms))
    total: Value | None = None
    for start, end in _pieces(terms):
        left = lowering.emit.stored(a.viewed(spread[..., start:end]), (*outer, rows, end - start))
        right = lowering.emit.stored(b.viewed(turned[..., start:end]), (*outer, width, end - start))
        value = build.matmul(left, right)
        if a.zero_point:
            sums = _row_sums(lowering, right, -a.zero_point)
            value = build.add(value, build.reshape(sums, (*outer, 1, width)))
        if b.zero_point:
            value = build.add(value, _row_sums(lowering, left, -b.zero_point))
        total = value if total is None else build.add(total, value)
    assert total is not None
    if a.zero_point and b.zero_point:
        both = np.full((1, 1, 1, 1), terms * a.zero_point * b.zero_point, np.int32)
        total = build.add(total, both)
    return Tensor.dense(total, (*batch, rows, width), float(a.scale) * float(b.scale))


def _row_sums(lowering: Lowering, value: Value, factor: int) -> Value:
    """Returns factor times the sum of each row, int32 [..., 1]."""
    build = lowering.emit.build
    if factor <= HIGH:
        row = np.full((1, 1, 1, value.spec.shape[3]), factor, np.int8)
        return build.matmul(value, row)
    summed = build.reduce_sum(value)
    return build.requantise(summed, factor << 1, 1, dtype=DType.INT32)


def _pieces(terms: int) -> list[tuple[int, int]]:
    return list(pairwise([*range(0, terms, MATMUL_TERMS), terms]))


def _outer(batch: tuple[int, ...]) -> tuple[int, int]:
    """Returns two axes for any number of batch axes."""
    return prod(batch[:-1]), (batch[-1] if batch else 1)


def _row(found: Weights | Real) -> Weights | Real:
    """Returns a vector [K] as a matrix [1, K]."""
    if isinstance(found, Weights):
        return Weights(found.values[np.newaxis], found.scale, 1)
    return np.asarray(found)[np.newaxis]


def _require_terms(node: Node, x: Tensor, matrices: Real | Int16) -> None:
    if x.shape[-1] != matrices.shape[-1]:
        raise LoweringError(node.label, f"{x.shape} and {matrices.shape} do not fit")


def _require_int32(node: Node, terms: int) -> None:
    if terms * LARGEST_FACTOR**2 > SUM_LIMIT:
        raise LoweringError(node.label, f"a sum of {terms} terms may exceed int32; split it")

"""Sums and means over axes, of any number of elements."""

from math import prod

import numpy as np

from kernels.codes import MAX_OPERAND_BYTES
from kernels.graph import Value
from kernels.onnx.exact.emitter import Emitter
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node
from kernels.onnx.exact.operators.linear import MATMUL_TERMS
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import DType


@operator("ReduceMean")
def reduce_mean(lowering: Lowering, node: Node) -> None:
    """Lowers ReduceMean over constant axes."""
    _reduce(lowering, node, mean=True)


@operator("ReduceSum")
def reduce_sum(lowering: Lowering, node: Node) -> None:
    """Lowers ReduceSum over constant axes."""
    _reduce(lowering, node, mean=False)


def reduced(
    emit: Emitter, x: Tensor, axes: tuple[int, ...], *, keep: bool, mean: bool = True
) -> Tensor:
    """Returns the sum over axes, int32, at the scale of the mean unless `mean` is false.

    A product by ones takes one operator for sum, zero point and what follows.
    """
    kept = tuple(axis for axis in range(x.layout.ndim) if axis not in axes)
    sizes = tuple(x.shape[axis] for axis in kept)
    count = prod(x.shape[axis] for axis in axes)
    rows = x.viewed(x.layout.transpose(*kept, *axes))
    if x.dtype is DType.INT8 and count <= MATMUL_TERMS:
        ones = np.ones((1, count), np.int8)
        bias = np.array([-count * x.zero_point], np.int32) if x.zero_point else None
        summed = emit.build.matmul(emit.stored(rows, (prod(sizes), count)), ones, bias)
    else:
        summed = _row_sums(emit, rows, prod(sizes), count)
        if x.zero_point:
            off = np.full((1, 1, 1, 1), -count * x.zero_point, np.int32)
            summed = emit.build.add(summed, off)
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    return Tensor.dense(summed, shape if keep else sizes, float(x.scale) / (count if mean else 1))


def _row_sums(emit: Emitter, rows: Tensor, height: int, width: int) -> Value:
    """Returns int32 [1, 1, height, 1]: sums of rows, in pieces where the referee reads no more."""
    longest = MAX_OPERAND_BYTES // rows.dtype.size
    pieces = -(-width // longest)
    while width % pieces and pieces < width:
        pieces += 1
    if pieces == 1:
        return emit.build.reduce_sum(emit.stored(rows, (height, width)))
    parts = emit.build.reduce_sum(emit.stored(rows, (height * pieces, width // pieces)))
    return _row_sums(emit, Tensor.dense(parts, (height, pieces), 1.0), height, pieces)


def axes_of(lowering: Lowering, node: Node, rank: int) -> tuple[int, ...] | None:
    """Returns the constant axes that a reduction runs over, None where it runs over none."""
    given = node.attributes.get("axes")
    if given is None and lowering.has(node, 1):
        given = lowering.integers(node, 1)
    if not given and node.attributes.get("noop_with_empty_axes", 0):
        return None
    return tuple(int(axis) % rank for axis in (given or range(rank)))


def _reduce(lowering: Lowering, node: Node, *, mean: bool) -> None:
    x = lowering.tensor(node)
    if x.per_channel:
        x = lowering.int8(node)
    axes = axes_of(lowering, node, x.layout.ndim)
    if axes is None:
        lowering.put(node, x)
        return
    keep = bool(node.attributes.get("keepdims", 1))
    lowering.put(node, reduced(lowering.emit, x, axes, keep=keep, mean=mean))

"""The largest and smallest of several tensors, or of the elements along axes."""

from math import prod

import numpy as np
import numpy.typing as npt

from kernels.codes import MAX_OPERAND_RUNS
from kernels.graph import Value
from kernels.onnx.exact.emitter import Emitter
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, LOW, Node, Quantisation
from kernels.onnx.exact.operators.reductions import axes_of
from kernels.onnx.exact.tensor import Tensor, stored_shape
from kernels.onnx.registration import operator
from kernels.trace import DType

Codes = npt.NDArray[np.int8]

ROW_AXIS = 1
SMALLEST = ("Min", "ReduceMin")


@operator("Max", "Min")
def extreme(lowering: Lowering, node: Node) -> None:
    """Lowers the largest or smallest of several tensors: one pooling of all, at one scale."""
    target = _target(lowering, node)
    numbers = [at for at in range(len(node.inputs)) if lowering.computed(node.inputs[at])]
    tensors = [_narrowed(lowering, node, at, target) for at in numbers]
    constants = [
        target.of(lowering.real(node, at)) for at in range(len(node.inputs)) if at not in numbers
    ]
    shapes = [each.shape for each in tensors] + [each.shape for each in constants]
    shape = np.broadcast_shapes(*shapes)
    if len(tensors) == 1 and all(each.size == 1 for each in constants):
        _clamped(lowering, node, tensors[0], constants, shape)
        return
    sides = stored_shape(shape)
    rows = (1, 1, sides[0] * sides[1] * sides[2], sides[3])
    emit, build = lowering.emit, lowering.emit.build
    total = emit.stored(_spread(tensors[0], shape), rows)
    for each in tensors[1:]:
        total = build.concat(total, emit.stored(_spread(each, shape), rows), ROW_AXIS)
    for codes in constants:
        total = build.concat(total, np.broadcast_to(codes, shape).reshape(rows), ROW_AXIS)
    count = len(node.inputs)
    if count > MAX_OPERAND_RUNS:
        raise LoweringError(
            node.label, f"{count} operands; at most {MAX_OPERAND_RUNS}: take them in two steps"
        )
    pooled = _pooled(emit, total, node.kind in SMALLEST)
    lowering.put(node, Tensor.dense(pooled, shape, target.scale, target.zero_point))


@operator("ReduceMax", "ReduceMin")
def reduce(lowering: Lowering, node: Node) -> None:
    """Lowers the largest or smallest along constant axes to poolings of 16 elements each."""
    x = lowering.int8(node)
    rank = x.layout.ndim
    axes = axes_of(lowering, node, rank)
    if axes is None:
        lowering.put(node, x)
        return
    kept = tuple(axis for axis in range(rank) if axis not in axes)
    sizes = tuple(x.shape[axis] for axis in kept)
    moved = x.viewed(x.layout.transpose(*axes, *kept))
    count = prod(x.shape[axis] for axis in axes)
    value = lowering.emit.stored(moved, (1, count, 1, prod(sizes)))
    pooled = _pooled(lowering.emit, value, node.kind in SMALLEST)
    keep = bool(node.attributes.get("keepdims", 1))
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    result = Tensor.dense(pooled, shape if keep else sizes, x.scale, x.zero_point)
    lowering.put(node, result)


def _pooled(emit: Emitter, value: Value, smallest: bool) -> Value:
    """Returns the extreme of each column of rows [1, count, M, C], as [1, 1, M, C].

    The smallest is the complement of the largest complement: -1 - x turns int8 around.
    """
    turned = np.arange(HIGH, LOW - 1, -1, dtype=np.int8).reshape(1, 1, 1, -1)
    if smallest:
        value = emit.build.lookup(value, turned)
    while value.spec.shape[ROW_AXIS] > 1:
        count = value.spec.shape[ROW_AXIS]
        taps = min(count, MAX_OPERAND_RUNS)
        padding = (0, 0, -count % taps, 0)
        value = emit.build.max_pool(value, (taps, 1), padding=padding)
    return emit.build.lookup(value, turned) if smallest else value


def _clamped(
    lowering: Lowering,
    node: Node,
    x: Tensor,
    constants: list[Codes],
    shape: tuple[int, ...],
) -> None:
    bounds = [int(each.reshape(-1)[0]) for each in constants]
    low = max([LOW, *bounds]) if node.kind == "Max" else LOW
    high = min([HIGH, *bounds]) if node.kind == "Min" else HIGH
    lowering.put(node, _spread(lowering.emit.clamp(x, low, high), shape))


def _target(lowering: Lowering, node: Node) -> Quantisation:
    """Returns the int8 form of the result: the calibrated one, or the coarsest of the operands."""
    target = lowering.wanted(node.outputs[0])
    if target is not None:
        return target
    found = [
        lowering.int8(node, at).quantisation
        for at, name in enumerate(node.inputs)
        if lowering.computed(name)
    ]
    return max(found, key=lambda each: each.scale)


def _narrowed(lowering: Lowering, node: Node, at: int, target: Quantisation) -> Tensor:
    x = lowering.tensor(node, at)
    if x.dtype is DType.INT8 and x.per_channel:
        x = lowering.int8(node, at)
    return lowering.emit.int8(x, target)


def _spread(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return x.viewed(np.broadcast_to(x.layout, shape))

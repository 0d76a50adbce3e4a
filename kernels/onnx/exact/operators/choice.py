"""Choices between two tensors by a boolean."""

import numpy as np
import numpy.typing as npt

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node, Quantisation, Weights
from kernels.onnx.exact.operators.conditions import TRUTH, truth
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import DType

Codes = npt.NDArray[np.int8]


@operator("Where")
def where(lowering: Lowering, node: Node) -> None:
    """Lowers a choice to c · a + (1 - c) · b at the scale of the result."""
    target = _target(lowering, node)
    emit = lowering.emit
    total: Tensor | None = None
    for at in (1, 2):
        if not lowering.computed(node.inputs[at]):
            continue
        total = _sum(lowering, total, _picked(lowering, node, at, target))
    for at in (1, 2):
        if lowering.computed(node.inputs[at]):
            continue
        codes = target.of(lowering.real(node, at))
        units = codes.astype(np.int32) - target.zero_point
        if lowering.computed(node.inputs[0]):
            if units.any() or total is None:
                part = _picked_constant(lowering, node, at, codes, target)
                total = _sum(lowering, total, part)
        elif total is not None:
            seen, left, right = emit.beside(total, units * _mask(lowering, node, at))
            total = seen.rewritten(emit.build.add(left, right))
    assert total is not None
    shape = np.broadcast_shapes(*(_shape(lowering, name) for name in node.inputs))
    lowering.put(node, total.viewed(np.broadcast_to(total.layout, shape)))


def _sum(lowering: Lowering, a: Tensor | None, b: Tensor) -> Tensor:
    if a is None:
        return b
    if np.broadcast_shapes(a.shape, b.shape) != a.shape:
        a, b = b, a
    seen, left, right = lowering.emit.paired(a, b)
    return seen.rewritten(lowering.emit.build.add(left, right))


def _picked(lowering: Lowering, node: Node, at: int, target: Quantisation) -> Tensor:
    """Returns a computed choice where the condition picks it, and zero elsewhere."""
    emit = lowering.emit
    x = lowering.tensor(node, at)
    if x.dtype is DType.INT8 and x.per_channel:
        x = lowering.int8(node, at)
    x = emit.int8(x, target)
    if not lowering.computed(node.inputs[0]):
        seen, left, bits = emit.beside(x, _mask(lowering, node, at).astype(np.int8))
        value = emit.build.multiply(left, bits, zero_point_a=x.zero_point)
        return seen.rewritten(value, target.scale)
    bit = _bit(lowering, node, at)
    if np.broadcast_shapes(x.shape, bit.shape) != x.shape:
        seen, left, right = emit.paired(bit, x)
        value = emit.build.multiply(left, right, zero_point_b=x.zero_point)
    else:
        seen, left, right = emit.paired(x, bit)
        value = emit.build.multiply(left, right, zero_point_a=x.zero_point)
    return seen.rewritten(value, target.scale)


def _picked_constant(
    lowering: Lowering, node: Node, at: int, codes: Codes, target: Quantisation
) -> Tensor:
    """Returns a constant choice where the computed condition picks it, and zero elsewhere."""
    emit = lowering.emit
    seen, left, right = emit.beside(_bit(lowering, node, at), codes)
    value = emit.build.multiply(left, right, zero_point_b=target.zero_point)
    return seen.rewritten(value, target.scale)


def _mask(lowering: Lowering, node: Node, at: int) -> npt.NDArray[np.bool_]:
    """Returns where a constant condition picks a choice."""
    condition = np.asarray(lowering.real(node, 0) != 0)
    return condition if at == 1 else ~condition


def _bit(lowering: Lowering, node: Node, at: int) -> Tensor:
    """Returns the condition, or its opposite for the second choice."""
    condition = truth(lowering, node, 0)
    if at == 1:
        return condition
    return lowering.emit.table(condition, lambda real: 1.0 - real, TRUTH)


def _target(lowering: Lowering, node: Node) -> Quantisation:
    """Returns the int8 form of a choice: the calibrated one, or the coarsest of its operands."""
    target = lowering.wanted(node.outputs[0])
    if target is not None:
        return target
    found = [
        lowering.int8(node, at).quantisation for at in (1, 2) if lowering.computed(node.inputs[at])
    ]
    if not found:
        raise LoweringError(
            node.label,
            "a choice of constants has no scale; quantise it, or use `neurolov model quantise` "
            "with a calibration set",
        )
    return max(found, key=lambda each: each.scale)


def _shape(lowering: Lowering, name: str) -> tuple[int, ...]:
    if lowering.computed(name):
        return lowering.shape(name)
    found = lowering.network.constants[name]
    return found.values.shape if isinstance(found, Weights) else found.shape

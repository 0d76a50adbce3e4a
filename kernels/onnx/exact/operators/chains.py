"""Merged functions of one tensor, as one table."""

from collections.abc import Callable, Mapping

import numpy as np

from kernels.onnx.exact.chains import FUNCTION
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node, Real, Weights
from kernels.onnx.exact.operators.elementwise import covering
from kernels.onnx.exact.operators.functions import FUNCTIONS
from kernels.onnx.registration import operator

ARITHMETIC: Mapping[str, Callable[[Real, Real], Real]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
}


@operator(FUNCTION)
def merged(lowering: Lowering, node: Node) -> None:
    """Lowers nodes that are a function of one tensor to a table over all 256 values."""
    x = lowering.int8(node)
    steps: tuple[Node, ...] = node.attributes["steps"]
    constants = {
        name: _real(lowering, name)
        for step in steps
        for name in step.inputs
        if name in lowering.network.constants
    }

    def apply(real: Real) -> Real:
        known = {**constants, node.inputs[0]: real}
        for step in steps:
            known[step.outputs[0]] = _evaluated(step, known)
        return known[node.outputs[0]]

    target = lowering.wanted(node.outputs[0]) or covering(x, apply)
    table = lowering.emit.table(x, apply, target)
    # A constant of more axes adds axes of one element.
    rank = max([len(x.shape), *(each.ndim for each in constants.values())])
    shape = (1,) * (rank - len(x.shape)) + x.shape
    lowering.put(node, table.viewed_as(shape) if shape != x.shape else table)


def _evaluated(step: Node, known: Mapping[str, Real]) -> Real:
    operands = [known[name] if name else None for name in step.inputs]
    first = operands[0]
    assert first is not None
    if step.kind in ARITHMETIC:
        second = operands[1]
        assert second is not None
        return np.asarray(ARITHMETIC[step.kind](_flat(first), _flat(second)), np.float64)
    if step.kind == "Identity":
        return first
    if step.kind == "Relu":
        return np.maximum(first, 0.0)
    if step.kind == "Clip":
        low, high = _bounds(step, operands)
        return np.asarray(np.minimum(np.maximum(first, low), high), np.float64)
    return FUNCTIONS[step.kind](first, [], step.attributes)


def _flat(values: Real) -> Real:
    """Returns a single number without axes, and others as they are."""
    return values.reshape(()) if values.size == 1 else values


def _bounds(step: Node, operands: list[Real | None]) -> tuple[float, float]:
    ends = [step.attributes.get("min", -np.inf), step.attributes.get("max", np.inf)]
    for at, operand in enumerate(operands[1:3]):
        if operand is not None:
            ends[at] = float(operand.reshape(-1)[0])
    return ends[0], ends[1]


def _real(lowering: Lowering, name: str) -> Real:
    found = lowering.network.constants[name]
    return found.real if isinstance(found, Weights) else np.asarray(found, np.float64)

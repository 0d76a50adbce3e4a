"""Comparisons, operators of booleans, and choices by them; a boolean is an int8 of 0 or 1."""

from collections.abc import Callable, Mapping

import numpy as np

from kernels.graph import Value
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, LOW, Node, Quantisation, Real
from kernels.onnx.exact.operators.elementwise import WIDE_STEPS
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import DType

TRUTH = Quantisation(1.0)
# Two numbers within this share of a step are the same number, written with rounding.
SAME = 1e-6
INT32_LIMIT = 2**31 - 1
TURNED = {
    "Greater": "Less",
    "Less": "Greater",
    "GreaterOrEqual": "LessOrEqual",
    "LessOrEqual": "GreaterOrEqual",
    "Equal": "Equal",
}
# The comparison of a difference d with zero, as clamp(d + offset, 0, 1); Equal is apart.
OFFSETS = {"Greater": 0, "GreaterOrEqual": 1}
# What an operator of two booleans is of their product. For Or that is (a - 1)(b - 1), which is 1
# where neither is true, and for Xor the product of signs.
AFTER: Mapping[str, Callable[[Real], Real]] = {
    "And": lambda real: real,
    "Or": lambda real: 1.0 - real,
    "Xor": lambda real: np.maximum(-real, 0.0),
}
# Element types by their ONNX codes: floats, and the boolean.
FLOATS = (1, 10, 11, 16)
BOOLEAN = 9


@operator("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")
def compare(lowering: Lowering, node: Node) -> None:
    """Lowers a comparison to the sign of a difference at one scale.

    It is exact on the stored steps: numbers of the float model that lie within one step of each
    other may compare differently.
    """
    first, second = (lowering.computed(name) for name in node.inputs)
    if first and second:
        lowering.put(node, _compared(lowering, node))
        return
    kind, position = (node.kind, 0) if first else (TURNED[node.kind], 1)
    x = lowering.tensor(node, position)
    if kind == "Equal":
        _require_fine(node, float(np.max(x.scale)))
    constant = lowering.real(node, 1 - position)
    if x.dtype is DType.INT8 and not x.per_channel and constant.size == 1:
        number, unit = float(constant.reshape(-1)[0]), float(x.scale)
        truth = lowering.emit.table(x, lambda real: _sign(kind, (real - number) / unit), TRUTH)
        shape = np.broadcast_shapes(truth.shape, constant.shape)
        lowering.put(node, truth.viewed(np.broadcast_to(truth.layout, shape)))
        return
    lowering.put(
        node, _beside_constant(lowering, node, kind, _one_scale(lowering, node, x), constant)
    )


@operator("Not")
def negation(lowering: Lowering, node: Node) -> None:
    """Lowers Not to a table."""
    x = truth(lowering, node, 0)
    lowering.put(node, lowering.emit.table(x, lambda real: 1.0 - real, TRUTH))


@operator("And", "Or", "Xor")
def combine(lowering: Lowering, node: Node) -> None:
    """Lowers an operator of two booleans to a product of both, or of their opposites."""
    offset = {"And": 0, "Or": 1, "Xor": 0}[node.kind]
    if not all(lowering.computed(name) for name in node.inputs):
        _combine_constant(lowering, node)
        return
    a, b = truth(lowering, node, 0), truth(lowering, node, 1)
    if node.kind == "Xor":
        # The product of signs is -1 where they differ.
        signs = Quantisation(1.0)
        a, b = (lowering.emit.table(each, lambda real: 2 * real - 1, signs) for each in (a, b))
    if np.broadcast_shapes(a.shape, b.shape) != a.shape:
        a, b = b, a
    seen, left, right = lowering.emit.paired(a, b)
    value = lowering.emit.build.multiply(left, right, zero_point_a=offset, zero_point_b=offset)
    bits = seen.rewritten(_narrow(lowering, value, 0, (-1, 1)), 1.0)
    lowering.put(node, lowering.emit.table(bits, AFTER[node.kind], TRUTH))


@operator("Cast")
def cast(lowering: Lowering, node: Node) -> None:
    """Passes on a cast to floats, and of whole numbers; a float is cut towards zero by a table."""
    x = lowering.tensor(node)
    to = int(node.attributes["to"])
    if to == BOOLEAN:
        x = lowering.int8(node)
        lowering.put(node, lowering.emit.table(x, lambda real: np.sign(np.abs(real)), TRUTH))
        return
    whole = not x.per_channel and float(x.scale) == 1.0
    if to in FLOATS or whole:
        lowering.put(node, x)
        return
    x = lowering.int8(node)
    ends = [float(x.scale) * (code - x.zero_point) for code in (LOW, HIGH)]
    if ends[0] <= LOW - 1 or ends[1] >= HIGH + 1:
        raise LoweringError(
            node.label,
            f"whole numbers of {ends[0]:.0f}..{ends[1]:.0f} exceed int8; export without the cast",
        )
    lowering.put(node, lowering.emit.table(x, np.trunc, TRUTH))


def truth(lowering: Lowering, node: Node, position: int) -> Tensor:
    """Returns a boolean operand; raises LoweringError where it holds other numbers."""
    x = lowering.tensor(node, position)
    if x.dtype is not DType.INT8 or x.per_channel or x.quantisation != TRUTH:
        raise LoweringError(node.label, f"input {node.inputs[position]!r} is not a boolean")
    return x


def _combine_constant(lowering: Lowering, node: Node) -> None:
    position = 0 if lowering.computed(node.inputs[0]) else 1
    x = truth(lowering, node, position)
    bits = (lowering.real(node, 1 - position) != 0).astype(np.int8)
    if node.kind == "Xor":
        signs = lowering.emit.table(x, lambda real: 2 * real - 1, TRUTH)
        seen, left, right = lowering.emit.beside(signs, (2 * bits - 1).astype(np.int8))
        value = lowering.emit.build.multiply(left, right)
    else:
        one = int(node.kind == "Or")
        seen, left, right = lowering.emit.beside(x, (bits - one).astype(np.int8))
        value = lowering.emit.build.multiply(left, right, zero_point_a=one)
    narrow = seen.rewritten(_narrow(lowering, value, 0, (-1, 1)), 1.0)
    lowering.put(node, lowering.emit.table(narrow, AFTER[node.kind], TRUTH))


def _compared(lowering: Lowering, node: Node) -> Tensor:
    """Returns the comparison of two computed tensors, at one int8 form for both.

    Numbers that are equal before they are rounded are so after it.
    """
    kind, places = node.kind, (0, 1)
    if kind in ("Less", "LessOrEqual"):
        kind, places = TURNED[kind], (1, 0)
    form = _common(lowering, node)
    if node.kind == "Equal":
        _require_fine(node, form.scale)
    a, b = (lowering.emit.int8(lowering.int8(node, at), form) for at in places)
    left, right = lowering.emit.int32(a), lowering.emit.int32(b, sign=-1)
    if np.broadcast_shapes(left.shape, right.shape) != left.shape:
        left, right = right, left
    seen, first, second = lowering.emit.paired(left, right)
    return _signed(lowering, kind, seen.rewritten(lowering.emit.build.add(first, second)))


def _common(lowering: Lowering, node: Node) -> Quantisation:
    """Returns a form that covers both operands."""
    forms = [lowering.int8(node, at).quantisation for at in (0, 1)]
    if forms[0] == forms[1]:
        return forms[0]
    ends = [form.scale * (end - form.zero_point) for form in forms for end in (LOW, HIGH)]
    return Quantisation.covering(min(ends), max(ends))


def _require_fine(node: Node, unit: float) -> None:
    """Raises LoweringError where whole numbers that are one apart may share a step."""
    if unit > 1 + SAME:
        raise LoweringError(
            node.label,
            f"steps of {unit:.3g} do not tell whole numbers apart; compare a tensor of a smaller "
            "range, or run the float model as a tolerant job",
        )


def _beside_constant(
    lowering: Lowering, node: Node, kind: str, x: Tensor, constant: Real
) -> Tensor:
    """Returns the comparison of a tensor of one scale with a constant per element.

    On the steps of x, x > c is x > floor(c) and x >= c is x >= ceil(c).
    """
    units = constant / float(x.scale)
    near = np.rint(units)
    whole = np.abs(units - near) < SAME
    opposite = kind in ("Less", "LessOrEqual")
    if opposite:
        kind = {"Less": "GreaterOrEqual", "LessOrEqual": "Greater"}[kind]
    bounds = {"Greater": np.floor(units), "GreaterOrEqual": np.ceil(units), "Equal": near}[kind]
    steps = np.clip(np.where(whole, near, bounds), -INT32_LIMIT // 2, INT32_LIMIT // 2)
    wide = lowering.emit.int32(x)
    seen, left, right = lowering.emit.beside(wide, (-steps).astype(np.int32))
    sign = _signed(lowering, kind, seen.rewritten(lowering.emit.build.add(left, right)))
    return lowering.emit.table(sign, lambda real: 1.0 - real, TRUTH) if opposite else sign


def _one_scale(lowering: Lowering, node: Node, x: Tensor) -> Tensor:
    """Returns x with one scale; channels of their own get that of calibration."""
    if not x.per_channel:
        return x
    peak = next((lowering.peak(name) for name in node.inputs if lowering.peak(name)), None)
    return lowering.emit.int32(x, None if peak is None else peak / WIDE_STEPS)


def _signed(lowering: Lowering, kind: str, difference: Tensor) -> Tensor:
    """Returns the comparison of an int32 difference with zero."""
    if kind == "Equal":
        value = _narrow(lowering, difference.value, 0, (-1, 1))
        signs = difference.rewritten(value, 1.0)
        return lowering.emit.table(signs, lambda real: 1.0 - np.abs(real), TRUTH)
    value = _narrow(lowering, difference.value, OFFSETS[kind], (0, 1))
    return difference.rewritten(value, 1.0)


def _narrow(lowering: Lowering, value: Value, offset: int, clamp: tuple[int, int]) -> Value:
    """Returns an int32 as int8: clamp(value + offset, *clamp)."""
    return lowering.emit.build.requantise(value, 2, 1, zero_point_out=offset, clamp=clamp)


def _sign(kind: str, steps: Real) -> Real:
    """Returns 1 where a comparison of a number of steps with zero is true, else 0."""
    near = np.where(np.abs(steps) < SAME, 0.0, steps)
    found = {
        "Greater": near > 0,
        "GreaterOrEqual": near >= 0,
        "Less": near < 0,
        "LessOrEqual": near <= 0,
        "Equal": np.rint(steps) == 0,
    }[kind]
    return np.asarray(found, np.float64)

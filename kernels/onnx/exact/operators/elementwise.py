"""Sums, products and functions of one tensor."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kernels.codes import InputKind
from kernels.graph.fixed_point import fixed_point
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, LOW, QUANTISE, Node, Quantisation, Real
from kernels.onnx.exact.operators.functions import FUNCTIONS, STEEP
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import DType

FINE = 2.0**-22
WHOLE = 1e-6
"""A number of steps so close to a whole one is that one, but for the division's own rounding."""
INT32_LIMIT = 2.0**31 - 1
WIDE_STEPS = 2.0**14
# What reads int8 whatever it is given, and what may pass a sum on as int8.
INT8_READERS = frozenset(
    (
        QUANTISE,
        "AveragePool",
        "Conv",
        "ConvTranspose",
        "Gemm",
        "GlobalAveragePool",
        "MatMul",
        "MaxPool",
        *(name for name in FUNCTIONS if name not in STEEP),
    )
)
CLAMPS = frozenset(("Clip", "Relu"))
MOVING = frozenset(
    ("Concat", "Flatten", "Identity", "Reshape", "Resize", "Squeeze", "Transpose", "Unsqueeze")
)
PASSING = CLAMPS | MOVING | {"Add", "Sub"}


@operator(QUANTISE)
def quantise(lowering: Lowering, node: Node) -> None:
    """Converts to the int8 form that the node names, unless the tensor has it already."""
    target: Quantisation = node.attributes["target"]
    lowering.put(node, lowering.emit.int8(lowering.tensor(node), target))


# Only some exponents and slopes make Pow and PRelu a function of one tensor; steep functions have
# finer tables.
@operator(*(name for name in FUNCTIONS if name not in ("Pow", "PRelu", *STEEP)))
def unary(lowering: Lowering, node: Node) -> None:
    """Lowers a function of one tensor to a table over all 256 values."""
    x = lowering.int8(node)
    apply = bound(node, [np.asarray(each) for each in _parameters(lowering, node)])
    target = lowering.wanted(node.outputs[0]) or _covering(x, apply)
    lowering.put(node, lowering.emit.table(x, apply, target))


def bound(node: Node, parameters: list[Real]) -> Callable[[Real], Real]:
    """Returns the function with the node's attributes and constant operands bound."""
    return lambda real: FUNCTIONS[node.kind](real, parameters, node.attributes)


@operator("Clip", "Relu")
def clamp(lowering: Lowering, node: Node) -> None:
    """Lowers Relu and Clip: bounds in stored units, on int8 or on int32 of one scale."""
    x = lowering.tensor(node)
    low, high = _bounds(lowering, node)
    target = lowering.wanted(node.outputs[0])
    if target is not None and x.dtype is DType.INT32:
        x = lowering.emit.int8(x, target)
    if x.dtype is DType.INT8 and x.per_channel:
        x = lowering.int8(node)
    if x.per_channel and (low, high) != (0.0, np.inf):
        x = lowering.int8(node)
    unit = float(np.max(x.scale))
    floor = max(x.dtype.low, np.rint(max(low / unit, -INT32_LIMIT)) + x.zero_point)
    ceiling = min(x.dtype.high, np.rint(min(high / unit, INT32_LIMIT)) + x.zero_point)
    if floor > ceiling:
        raise LoweringError(node.label, "the quantisation has no number within the bounds")
    lowering.put(node, lowering.emit.clamp(x, int(floor), int(ceiling)))


@operator("Add")
def add(lowering: Lowering, node: Node) -> None:
    """Lowers a sum to int32 of one scale; a constant of whole steps only moves the zero point."""
    _sum(lowering, node, 1)


@operator("Sub")
def subtract(lowering: Lowering, node: Node) -> None:
    """Lowers a difference in the same way as `add`."""
    _sum(lowering, node, -1)


@operator("Mul")
def multiply(lowering: Lowering, node: Node) -> None:
    """Lowers a product.

    One positive number only changes the scale; any other constant or tensor gives int8 products in
    int32.
    """
    first, second = (lowering.computed(name) for name in node.inputs)
    if first and second:
        a, b = lowering.int8(node), lowering.int8(node, 1)
        if np.broadcast_shapes(a.shape, b.shape) != a.shape:
            a, b = b, a
        seen, left, right = lowering.emit.paired(a, b)
        value = lowering.emit.build.multiply(
            left, right, zero_point_a=a.zero_point, zero_point_b=b.zero_point
        )
        lowering.put(node, seen.rewritten(value, float(a.scale) * float(b.scale)))
        return
    _by_constant(lowering, node, 0 if first else 1, lowering.real(node, 1 if first else 0))


@operator("Div")
def divide(lowering: Lowering, node: Node) -> None:
    """Lowers a quotient by a constant; a constant over a tensor is a function of the tensor."""
    if not lowering.computed(node.inputs[0]):
        unary(lowering, Node("Reciprocal", node.name, node.inputs[1:], node.outputs))
        _scale_output(lowering, node, lowering.real(node, 0))
        return
    if lowering.computed(node.inputs[1]):
        raise LoweringError(node.label, "a quotient of two computed tensors; write it as a product")
    _by_constant(lowering, node, 0, 1.0 / lowering.real(node, 1))


@operator("Pow")
def power(lowering: Lowering, node: Node) -> None:
    """Lowers a square to a product; any other constant exponent is a function."""
    exponent = lowering.real(node, 1)
    if np.any(exponent != exponent.reshape(-1)[0]):
        raise LoweringError(
            node.label, "one exponent per channel has no exact form; split the tensor by exponents"
        )
    if float(exponent.reshape(-1)[0]) == 2.0:
        multiply(lowering, Node("Mul", node.name, (node.inputs[0],) * 2, node.outputs))
    else:
        unary(lowering, node)


def _by_constant(lowering: Lowering, node: Node, position: int, factor: Real) -> None:
    x = lowering.tensor(node, position)
    if factor.size == 1 and float(factor.reshape(-1)[0]) > 0:
        number = float(factor.reshape(-1)[0])
        lowering.put(node, _ranked(x.rewritten(x.value, x.scale * number, x.zero_point), factor))
        return
    if _rescales(x, factor):
        lowering.put(node, x.rewritten(x.value, x.scale * factor.reshape(-1)))
        return
    x = lowering.int8(node, position)
    largest = float(np.abs(factor).max()) or 1.0
    codes = np.rint(factor / largest * HIGH).astype(np.int8)
    seen, left, right = lowering.emit.beside(x, codes)
    value = lowering.emit.build.multiply(left, right, zero_point_a=x.zero_point)
    lowering.put(node, seen.rewritten(value, float(x.scale) * largest / HIGH))


def _rescales(x: Tensor, factor: Real) -> bool:
    """Returns whether factors are positive, one per channel of the last stored axis, of an int32
    tensor; then they only change the scales.
    """
    if x.dtype is not DType.INT32 or not x.covers or np.any(factor <= 0):
        return False
    last = x.order[-1] - x.layout.ndim
    channels = x.shape[last]
    return (
        channels == x.value.spec.shape[3]
        and factor.size == channels
        and factor.ndim <= x.layout.ndim
        and factor.ndim >= -last
        and factor.shape[last] == channels
    )


def _scale_output(lowering: Lowering, node: Node, factor: Real) -> None:
    renamed = Node("Mul", node.name, (node.outputs[0], node.inputs[0]), node.outputs)
    _by_constant(lowering, renamed, 0, factor)


def _sum(lowering: Lowering, node: Node, sign: int) -> None:
    first, second = (lowering.computed(name) for name in node.inputs)
    if first and second:
        _sum_of_two(lowering, node, sign)
        return
    position = 0 if first else 1
    constant = lowering.real(node, 1 - position)
    if position == 1 and sign < 0:
        raise LoweringError(node.label, "a constant minus a tensor; write it as -1 · x + constant")
    x = lowering.tensor(node, position)
    offset = sign * constant
    if x.dtype is DType.INT8 and not x.per_channel and constant.size == 1:
        steps = x.zero_point - float(offset.reshape(-1)[0]) / float(x.scale)
        if abs(steps - round(steps)) < WHOLE and LOW <= round(steps) <= HIGH:
            moved = x.rewritten(x.value, zero_point=round(steps))
            lowering.put(node, _ranked(moved, constant))
            return
    lowering.put(node, _added(lowering, node, _wide(lowering, node, x), offset))


def _added(lowering: Lowering, node: Node, wide: Tensor, offset: Real) -> Tensor:
    units = np.rint(offset / wide.scale)
    if np.any(np.abs(units) > INT32_LIMIT):
        raise LoweringError(node.label, "the constant exceeds int32 in units of the sum")
    seen, left, right = lowering.emit.beside(wide, units.astype(np.int32))
    return seen.rewritten(lowering.emit.build.add(left, right))


def _by_column(x: Tensor, numbers: Real) -> bool:
    """Returns whether there is one number for each element of the last axis, as it is stored."""
    stored = x.layout.ndim > 0 and x.layout.strides[-1] == 1
    return stored and numbers.shape[-1:] == x.shape[-1:] == (numbers.size,)


def _ranked(x: Tensor, number: Real) -> Tensor:
    """Returns a result with as many axes as broadcasting beside a constant of one number gives."""
    missing = max(0, number.ndim - x.layout.ndim)
    return x.viewed(x.layout.reshape((1,) * missing + x.shape)) if missing else x


def _wide(lowering: Lowering, node: Node, x: Tensor) -> Tensor:
    """Returns x as int32 that a constant can be added to."""
    peak = lowering.peak(node.outputs[0])
    last = x.per_channel and _by_column(x, x.scale)
    table = last and x.value.source.kind is InputKind.JOB_INPUT
    if x.dtype is DType.INT32 and (table or (peak is None and (last or not x.per_channel))):
        return x
    fine = float(np.max(x.scale)) * (FINE * 2**14 if x.dtype is DType.INT8 else 1.0)
    return lowering.emit.int32(x, fine if peak is None else peak / WIDE_STEPS)


def _sum_of_two(lowering: Lowering, node: Node, sign: int) -> None:
    a, b = _floored(lowering, node, 0), _floored(lowering, node, 1)
    turned = sign < 0
    target = narrow_target(lowering, node)
    if target is not None:
        _narrow_sum(lowering, node, sign, target)
        return
    if np.broadcast_shapes(a.shape, b.shape) != a.shape and not turned:
        a, b = b, a
    scale = _common_scale(lowering, node, a, b)
    if turned and b.dtype is DType.INT32:
        b = lowering.int8(node, 1)
    left = lowering.emit.int32(a, scale)
    right = lowering.emit.int32(b, scale, sign)
    seen, first, second = lowering.emit.paired(left, right)
    lowering.put(node, seen.rewritten(lowering.emit.build.add(first, second)))


def _floored(lowering: Lowering, node: Node, position: int) -> Tensor:
    """Returns an operand of a sum; a mask becomes int8, with no number lower than what matters."""
    masks = node.inputs[position] in lowering.network.floors
    x = lowering.tensor(node, position)
    target = lowering.network.quantisations.get(node.inputs[position])
    return lowering.emit.int8(x, target) if masks and target is not None else x


def narrow_target(lowering: Lowering, node: Node) -> Quantisation | None:
    """Returns the int8 form of a sum that is only ever read as int8, if its terms have one, too.

    More bits would be lost at once, and int32 terms would make up most of a trace.
    """
    narrow = _is_read_narrow(lowering, node.outputs[0])
    if not narrow or not all(_has_int8(lowering, node, at) for at in range(2)):
        return None
    return _narrowest(lowering, node.outputs[0])


def _has_int8(lowering: Lowering, node: Node, position: int) -> bool:
    x = lowering.tensor(node, position)
    is_int8 = x.dtype is DType.INT8 and not x.per_channel
    return is_int8 or lowering.wanted(node.inputs[position]) is not None


def _is_read_narrow(lowering: Lowering, name: str) -> bool:
    readers = lowering.network.consumers(name)
    return (
        bool(readers)
        and not lowering.network.is_output(name)
        and all(
            reader.kind in INT8_READERS
            or (reader.kind in PASSING and _is_read_narrow(lowering, reader.outputs[0]))
            for reader in readers
        )
    )


def _narrowest(lowering: Lowering, name: str) -> Quantisation | None:
    """Returns the form of a tensor, or of what a clamp that alone reads it makes of it."""
    readers = lowering.network.consumers(name)
    if len(readers) == 1 and readers[0].kind in CLAMPS:
        return _narrowest(lowering, readers[0].outputs[0])
    return lowering.wanted(name)


def _narrow_sum(lowering: Lowering, node: Node, sign: int, target: Quantisation) -> None:
    a, b = lowering.int8(node), lowering.int8(node, 1)
    signs = [1, sign]
    if np.broadcast_shapes(a.shape, b.shape) != a.shape:
        a, b, signs = b, a, signs[::-1]
    seen, first, second = lowering.emit.paired(a, b)
    ratios = np.array([float(a.scale), float(b.scale)]) / target.scale
    _, shifts = fixed_point(ratios)
    shift = int(shifts.min())
    of_a, of_b = (int(each) for each in np.rint(np.ldexp(ratios, shift)) * signs)
    value = lowering.emit.build.add_int8(
        first,
        second,
        (of_a, of_b),
        shift,
        zero_point_a=a.zero_point,
        zero_point_b=b.zero_point,
        zero_point_out=target.zero_point,
        clamp=(target.low, target.high),
    )
    lowering.put(node, seen.rewritten(value, target.scale, target.zero_point))


def _common_scale(lowering: Lowering, node: Node, a: Tensor, b: Tensor) -> float:
    """Returns the scale of a sum.

    It comes from calibration, or from the scores before a softmax, or is so fine that rounding does
    not matter.
    """
    readers = lowering.network.consumers(node.outputs[0])
    scores = bool(readers) and all(reader.kind == "Softmax" for reader in readers)
    for each in (a, b):
        if scores and each.dtype is DType.INT32 and not each.per_channel:
            return float(each.scale)
    peak = lowering.peak(node.outputs[0])
    if peak is not None:
        return peak / WIDE_STEPS
    spans = [float(np.max(x.scale)) * (255 if x.dtype is DType.INT8 else 2**16) for x in (a, b)]
    return sum(spans) * FINE


def _covering(x: Tensor, apply: Callable[[Real], Real]) -> Quantisation:
    codes = np.arange(LOW, HIGH + 1, dtype=np.float64)
    with np.errstate(all="ignore"):
        values = apply((codes - x.zero_point) * float(x.scale))
    finite = values[np.isfinite(values)]
    return Quantisation.covering(float(finite.min()), float(finite.max()))


def _parameters(lowering: Lowering, node: Node) -> list[Real]:
    return [
        lowering.real(node, position)
        for position in range(1, len(node.inputs))
        if lowering.has(node, position)
    ]


def _bounds(lowering: Lowering, node: Node) -> tuple[float, float]:
    if node.kind == "Relu":
        return 0.0, np.inf
    attributes: Mapping[str, Any] = node.attributes
    low, high = attributes.get("min", -np.inf), attributes.get("max", np.inf)
    if lowering.has(node, 1):
        low = lowering.real(node, 1)
    if lowering.has(node, 2):
        high = lowering.real(node, 2)
    return float(np.ravel(low)[0]), float(np.ravel(high)[0])

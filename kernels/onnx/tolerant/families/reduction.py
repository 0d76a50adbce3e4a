"""Operators that reduce axes."""

from collections.abc import Sequence
from math import prod

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import BOOL, ELEMENTS, FLOAT, INT64, Bounds, Element
from kernels.onnx.tolerant.families.creation import constant
from kernels.onnx.tolerant.families.movement import transposed
from kernels.onnx.tolerant.node import Node, reshaped
from kernels.onnx.tolerant.value import Value
from kernels.onnx.tolerant.wgsl import MAX_LOOP

# A longer row is reduced in parts, and then the parts are.
CHUNK = 1024

_WIDE = ELEMENTS[FLOAT]
_MIN = "minimum(acc, x)"
_MAX = "maximum(acc, x)"


def rows(node: Node, value: Value, axes: Sequence[int]) -> Value:
    """Returns [outer, length] with the axes last; they move only if they are not last already."""
    kept = [at for at in range(value.rank) if at not in axes]
    order = [*kept, *sorted(axes)]
    length = prod(value.shape[at] for at in axes)
    outer = prod(value.shape[at] for at in kept)
    if order != list(range(value.rank)):
        value = transposed(node, value, order)
    return reshaped(value, (outer, length))


def fold(
    node: Node,
    value: Value,
    start: str,
    step: str,
    mapped: str = "x",
    *,
    extra: Sequence[Value] = (),
    bounds: Bounds | None = None,
    element: Element | None = None,
) -> Value:
    """Returns [outer] from [outer, length]: acc = start, then acc = step for each x = mapped
    element.

    `mapped` may read x, the row number `row` and the extra inputs $1... Parts of float rows are
    kept in float32.
    """
    outer, length = value.shape
    target = element or value.element
    inputs = [value, *extra]
    while True:
        parts = -(-length // CHUNK) if length > 2 * CHUNK else 1
        size = CHUNK if parts > 1 else length
        end = f"min(first + {size}u, {length}u)"
        code = (
            f"let row = i / {parts}u; let first = (i % {parts}u) * {size}u; "
            f"var acc = {start}; "
            f"for (var k = first; k < {end}; k++) {{ "
            f"let element = $0[row * {length}u + k]; let x = {mapped.replace('@', 'element')}; "
            f"acc = {step}; }} let r = acc;"
        )
        code = code.replace("let x = x;", "let x = element;")
        kept = _WIDE if parts > 1 and target.is_float else target
        found = node.emit(inputs, (outer * parts,), kept, code, bounds, streamed=True)
        if parts == 1:
            return found
        value = reshaped(found, (outer, parts))
        inputs, length, mapped = [value], parts, "x"


def _axes(node: Node, value: Value) -> list[int] | None:
    axes = node.axes(1, value.rank)
    if not axes:
        return None if node.attribute("noop_with_empty_axes", 0) else list(range(value.rank))
    return axes


def shaped(value: Value, source: Value, axes: Sequence[int], keep: bool) -> Value:
    """Returns a reduced tensor with the source's other axes, and ones for the axes where kept."""
    shape = [
        1 if at in axes else length
        for at, length in enumerate(source.shape)
        if keep or at not in axes
    ]
    return reshaped(value, shape)


def _limits(element: Element) -> tuple[str, str]:
    if element.is_float:
        return "(-inf())", "inf()"
    if element.code == BOOL:
        return "0u", "1u"
    low, high = element.bounds
    return constant(element, low), constant(element, high)


@operator(
    "ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2",
    "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp",
)  # fmt: skip
def reduce(node: Node) -> Value:
    """Lowers sum, mean, product, extremes and norms over axes."""
    value = node.input(0)
    axes = _axes(node, value)
    if axes is None:
        axes, keep = [], True
    else:
        keep = bool(node.attribute("keepdims", 1))
    if not axes and node.operator in (
        "ReduceSum",
        "ReduceMean",
        "ReduceProd",
        "ReduceMax",
        "ReduceMin",
    ):
        return value
    table = rows(node, value, axes)
    return shaped(_folded(node, table), value, axes, keep)


def _folded(node: Node, table: Value) -> Value:
    element, length = table.element, table.shape[1]
    zero, one = constant(element, 0), constant(element, 1)
    bounds = node.bounds(table) if element.is_wide else None
    low, high = _limits(element)
    match node.operator:
        case "ReduceMax":
            return fold(
                node, table, low, _MAX if element.is_float else "max(acc, x)", bounds=bounds
            )
        case "ReduceMin":
            return fold(
                node, table, high, _MIN if element.is_float else "min(acc, x)", bounds=bounds
            )
        case "ReduceProd":
            wide = None
            if bounds is not None and length < 64:
                most = max(abs(bounds[0]), abs(bounds[1]), 1) ** length
                wide = (-most, most)
            return fold(node, table, one, "acc * x", bounds=wide)
        case "ReduceSum" | "ReduceMean" | "ReduceLogSum":
            mapped = "x"
        case "ReduceL1":
            mapped = "@" if element.lane == "u32" else "abs(@)"
        case "ReduceL2" | "ReduceSumSquare":
            mapped = "@ * @"
        case _:
            return _log_sum_exp(node, table)
    if bounds is not None:
        most = max(abs(bounds[0]), abs(bounds[1]))
        most = length * (most * most if mapped == "@ * @" else most)
        bounds = (-most if bounds[0] < 0 and mapped == "x" else 0, most)
    root = "sqrt($0[i])" if element.is_float else f"{element.lane}(whole_root(u32($0[i])))"
    after = {
        "ReduceMean": f"$0[i] / {constant(element, length)}",
        "ReduceL2": root,
        "ReduceLogSum": "log_($0[i])",
    }.get(node.operator)
    if after is None:
        return fold(node, table, zero, "acc + x", mapped, bounds=bounds)
    kept = _WIDE if element.is_float else element
    total = fold(node, table, zero, "acc + x", mapped, bounds=bounds, element=kept)
    if node.operator == "ReduceLogSum":
        node.floating(table)
    return node.emit([total], total.shape, element, f"let r = {after};", bounds)


def _log_sum_exp(node: Node, table: Value) -> Value:
    node.floating(table)
    top = fold(node, table, "(-inf())", _MAX)
    shift = "select($1[row], 0.0, is_inf($1[row]))"
    term = f"exp_(@ - {shift})"
    total = fold(node, table, "0.0", "acc + x", term, extra=[top], element=_WIDE)
    code = "let m = select($1[i], 0.0, is_inf($1[i])); let r = m + log_($0[i]);"
    return node.emit([total, top], total.shape, table.element, code)


@operator("ArgMax", "ArgMin")
def arg(node: Node) -> Value:
    """Lowers ArgMax and ArgMin: the first, or last, position of the extreme along an axis.

    NaN is more extreme than every number.
    """
    value = node.input(0)
    axis = node.axis(0, value.rank)
    table = rows(node, value, [axis])
    length = table.shape[1]
    if length > MAX_LOOP:
        raise node.refuse(f"an axis has {length} elements, above {MAX_LOOP}")
    sign = ">" if node.operator == "ArgMax" else "<"
    sign += "=" if node.attribute("select_last_index", 0) else ""
    key = ""
    if table.element.is_float:
        # ArgMin looks for the largest of the numbers' negatives.
        key, sign = "place_of", sign.replace("<", ">")
    minus = "-" if table.element.is_float and node.operator == "ArgMin" else ""
    code = (
        f"var best = {key}({minus}$0[i * {length}u]); var r = 0i; "
        f"for (var k = 1u; k < {length}u; k++) {{ let x = {key}({minus}$0[i * {length}u + k]); "
        f"if (x {sign} best) {{ best = x; r = i32(k); }} }}"
    )
    found = node.emit([table], (table.shape[0],), ELEMENTS[INT64], code, (0, max(length - 1, 0)))
    return shaped(found, value, [axis], bool(node.attribute("keepdims", 1)))


@operator("CumSum", "CumProd")
def cumulative(node: Node) -> Value:
    """Lowers CumSum and CumProd: each element with all elements before it along an axis."""
    value = node.input(0)
    axis = node.ints(1)[0] % value.rank
    length, inner = value.shape[axis], prod(value.shape[axis + 1 :])
    if length > MAX_LOOP:
        raise node.refuse(f"an axis has {length} elements, above {MAX_LOOP}")
    exclusive, reverse = node.attribute("exclusive", 0), node.attribute("reverse", 0)
    summing = node.operator == "CumSum"
    first, last = ("at", f"{length}u") if reverse else ("0u", "at + 1u")
    if exclusive:
        first, last = ("at + 1u", last) if reverse else (first, "at")
    code = (
        f"let at = i / {inner}u % {length}u; let base = i - at * {inner}u; "
        f"var r = {constant(value.element, 0 if summing else 1)}; "
        f"for (var k = {first}; k < {last}; k++) {{ "
        f"r {'+' if summing else '*'}= $0[base + k * {inner}u]; }}"
    )
    bounds = None
    if value.element.is_wide and (own := node.bounds(value)) is not None:
        most = max(abs(own[0]), abs(own[1]), 1)
        most = most * length if summing else most**length if length < 64 else 1 << 64
        bounds = (-most, most)
    return node.emit([value], value.shape, value.element, code, bounds)


@operator("Softmax", "LogSoftmax", "Hardmax")
def softmax(node: Node) -> Value:
    """Lowers softmaxes along an axis; before opset 13, along that axis and all that follow."""
    value = node.input(0)
    node.floating(value)
    if node.opset < 13:
        axis = node.axis(1, value.rank)
        axes = list(range(axis, value.rank))
    else:
        axes = [node.axis(-1, value.rank)]
    table = rows(node, value, axes)
    result = _hardmax(node, table) if node.operator == "Hardmax" else _softmax(node, table)
    kept = [at for at in range(value.rank) if at not in axes]
    order = [*kept, *axes]
    moved = reshaped(result, [value.shape[at] for at in order])
    if order == sorted(order):
        return moved
    return transposed(node, moved, [order.index(at) for at in range(value.rank)])


def _softmax(node: Node, table: Value) -> Value:
    length = table.shape[1]
    top = fold(node, table, "(-inf())", _MAX)
    # Each step is rounded to the tensor's type, as in ONNX's definition of the operator.
    shifted = table.element.rounded("@ - $1[row]")
    term = table.element.rounded(f"exp_({shifted})")
    total = fold(node, table, "0.0", "acc + x", term, extra=[top])
    formula = f"{term.replace('@', '$0[i]')} / $2[row]"
    if node.operator == "LogSoftmax":
        formula = "$0[i] - $1[row] - log_($2[row])"
    code = f"let row = i / {length}u; let r = {formula};"
    return node.emit([table, top, total], table.shape, table.element, code)


def _hardmax(node: Node, table: Value) -> Value:
    length = table.shape[1]
    top = fold(node, table, "(-inf())", _MAX)
    code = (
        f"let row = i / {length}u; var first = {length}u; let most = place_of($1[row]); "
        f"for (var k = 0u; k < {length}u; k++) {{ "
        f"if (place_of($0[row * {length}u + k]) == most) {{ first = k; break; }} }} "
        f"let r = select(0.0, 1.0, i % {length}u == first);"
    )
    return node.emit([table, top], table.shape, table.element, code)


@operator("LpNormalization")
def lp_normalization(node: Node) -> Value:
    """Lowers LpNormalization: divides by the norm along an axis; zero where the norm is zero."""
    value = node.input(0)
    node.floating(value)
    axis = node.axis(-1, value.rank)
    length, inner = value.shape[axis], prod(value.shape[axis + 1 :])
    first = node.attribute("p", 2) == 1
    term = "abs(@)" if first else "@ * @"
    table = rows(node, value, [axis])
    norm = fold(node, table, "0.0", "acc + x", term, element=_WIDE)
    root = "n" if first else "sqrt(n)"
    code = (
        f"let n = $1[i / {length * inner}u * {inner}u + i % {inner}u]; let d = {root}; "
        f"let r = select($0[i] / d, 0.0, equals(d, 0.0));"
    )
    return node.emit([value, norm], value.shape, value.element, code)

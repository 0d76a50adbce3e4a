"""Operators of two or more tensors with broadcasting."""

from itertools import product

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import BOOL, ELEMENTS, Bounds, Element
from kernels.onnx.tolerant.node import Node, broadcast_shape
from kernels.onnx.tolerant.value import Value
from kernels.onnx.tolerant.wgsl import broadcast

_ARITHMETIC = {"Add": "x + y", "Sub": "x - y", "Mul": "x * y", "Div": "x / y"}
_FLOAT_ARITHMETIC = {"Add": "total(x, y)", "Sub": "difference(x, y)", "Div": "quotient(x, y)"}
_COMPARISONS = {
    "Equal": "x == y",
    "Greater": "x > y",
    "GreaterOrEqual": "x >= y",
    "Less": "x < y",
    "LessOrEqual": "x <= y",
}
_FLOAT_COMPARISONS = {
    "Equal": "equals(x, y)",
    "Greater": "exceeds(x, y)",
    "GreaterOrEqual": "reaches(x, y)",
    "Less": "exceeds(y, x)",
    "LessOrEqual": "reaches(y, x)",
}
_TRUTHS = {
    "And": "x != 0u && y != 0u",
    "Or": "x != 0u || y != 0u",
    "Xor": "(x != 0u) != (y != 0u)",
}
_BITS = {"BitwiseAnd": "x & y", "BitwiseOr": "x | y", "BitwiseXor": "x ^ y"}


def pairwise(  # noqa: PLR0917
    node: Node, a: Value, b: Value, formula: str, element: Element, bounds: Bounds | None = None
) -> Value:
    """Returns a formula of x and y applied to the elements of a and b."""
    shape = broadcast_shape(a.shape, b.shape)
    code = f"let x = $0[{broadcast('i', shape, a.shape)}]; "
    code += f"let y = $1[{broadcast('i', shape, b.shape)}]; let r = {formula};"
    return node.emit([a, b], shape, element, code, bounds)


@operator(*_ARITHMETIC)
def arithmetic(node: Node) -> Value:
    """Lowers sums, differences, products and quotients.

    Integers wrap; integer quotients round towards zero.
    """
    a, b = node.input(0), node.input(1)
    formula = _ARITHMETIC[node.operator]
    if a.element.is_float:
        formula = _FLOAT_ARITHMETIC.get(node.operator, formula)
    return pairwise(node, a, b, formula, a.element, _interval(node, node.operator, a, b))


def _interval(node: Node, name: str, a: Value, b: Value) -> Bounds | None:
    if not a.element.is_wide:
        return None
    left, right = node.bounds(a), node.bounds(b)
    if left is None or right is None:
        return None
    match name:
        case "Add":
            return left[0] + right[0], left[1] + right[1]
        case "Sub":
            return left[0] - right[1], left[1] - right[0]
        case "Mul":
            ends = [x * y for x, y in product(left, right)]
            return min(ends), max(ends)
        case _:
            most = max(abs(left[0]), abs(left[1]))
            return (-most if left[0] < 0 or right[0] < 0 else 0), most


@operator(*_COMPARISONS)
def comparison(node: Node) -> Value:
    """Lowers comparisons to booleans; any with NaN is false."""
    a, b = node.input(0), node.input(1)
    table = _FLOAT_COMPARISONS if a.element.is_float else _COMPARISONS
    return pairwise(node, a, b, f"select(0u, 1u, {table[node.operator]})", ELEMENTS[BOOL])


@operator(*_TRUTHS)
def logic(node: Node) -> Value:
    """Lowers logical operators on booleans."""
    formula = f"select(0u, 1u, {_TRUTHS[node.operator]})"
    return pairwise(node, node.input(0), node.input(1), formula, ELEMENTS[BOOL])


@operator(*_BITS)
def bitwise(node: Node) -> Value:
    """Lowers bitwise operators; 64-bit values that fit 32 bits still fit afterwards."""
    a = node.input(0)
    bounds = None
    if a.element.is_wide and node.union(a, node.input(1)) is not None:
        bounds = a.element.bounds
    return pairwise(node, a, node.input(1), _BITS[node.operator], a.element, bounds)


@operator("BitShift")
def bit_shift(node: Node) -> Value:
    """Lowers integer shifts; a shift that is negative or beyond the width leaves only the sign."""
    a, b = node.input(0), node.input(1)
    lane, bounds = a.element.lane, None
    # In 64-bit values that fit a lane, every bit from 31 up is the sign.
    beyond = f"u32(y) >= {min(a.element.bits, 32)}u"
    if node.attribute("direction") == b"RIGHT":
        none = "0u" if lane == "u32" else "select(0i, -1i, x < 0)"
        formula = f"select(x >> (u32(y) & 31u), {none}, {beyond})"
        bounds = node.bounds(a)
        if bounds is not None:
            bounds = (min(bounds[0], -1 if bounds[0] < 0 else 0), max(bounds[1], 0))
    else:
        formula = f"select(x << (u32(y) & 31u), {lane}(0), {beyond})"
        left, right = node.bounds(a), node.bounds(b)
        if a.element.is_wide and left is not None and right is not None and right[1] < 64:
            most = max(abs(left[0]), abs(left[1])) << max(right[1], 0)
            bounds = (-most if left[0] < 0 else 0, most)
    return pairwise(node, a, b, formula, a.element, bounds)


@operator("Mod")
def modulus(node: Node) -> Value:
    """Lowers Mod: the result has the divisor's sign, or with fmod the dividend's."""
    a, b = node.input(0), node.input(1)
    lane = a.element.lane
    if lane == "u32":
        formula = "x % y"
    elif lane == "f32":
        formula = "remainder(x, y)" if node.attribute("fmod", 0) else "modulus(x, y)"
    elif node.attribute("fmod", 0):
        formula = "x % y"
    else:
        formula = "select(x % y, x % y + y, x % y != 0 && ((x % y < 0) != (y < 0)))"
    bounds = None
    if a.element.is_wide and (right := node.bounds(b)) is not None:
        most = max(abs(right[0]), abs(right[1]))
        bounds = (0 if lane == "u32" else -most, most)
        if node.bounds(a) is None:
            bounds = None
    return pairwise(node, a, b, formula, a.element, bounds)


@operator("Pow")
def power(node: Node) -> Value:
    """Lowers Pow; the result has the base's element type."""
    a, b = node.input(0), node.input(1)
    if a.element.is_float:
        exponent = "y" if b.element.is_float else "f32(y)"
        return pairwise(node, a, b, f"power(x, {exponent})", a.element)
    code = "power_i32(i32(x), i32(y))"
    if b.element.is_float:
        code = "power_mixed(i32(x), y)"
    bounds = None
    if a.element.is_wide:
        left, right = node.bounds(a), node.bounds(b)
        if left is not None and right is not None and right[1] <= 64:
            most = max(abs(left[0]), abs(left[1]), 1) ** max(right[1], 0)
            bounds = (-most if left[0] < 0 else 0, most)
    return pairwise(node, a, b, f"{a.element.lane}({code})", a.element, bounds)


@operator("PRelu")
def p_relu(node: Node) -> Value:
    """Lowers PRelu: negative elements are multiplied by a slope."""
    a, b = node.input(0), node.input(1)
    zero = {"f32": "0.0", "i32": "0i", "u32": "0u"}[a.element.lane]
    bounds = None
    found = _interval(node, "Mul", a, b)
    if found is not None and (own := node.bounds(a)) is not None:
        bounds = min(found[0], own[0]), max(found[1], own[1])
    slope = b.shape
    code = f"let x = $0[i]; let y = $1[{broadcast('i', a.shape, slope)}]; "
    code += f"let r = select(x, x * y, x < {zero});"
    return node.emit([a, b], a.shape, a.element, code, bounds)


@operator("Max", "Min", "Sum", "Mean")
def variadic(node: Node) -> Value:
    """Lowers operators of any number of tensors, one pair after the other."""
    values = [node.input(at) for at in range(len(node.inputs))]
    element = values[0].element
    shape = broadcast_shape(*(value.shape for value in values))
    formula = _fold(node, element)
    found = values[0]
    if len(values) == 1:
        return found
    for value in values[1:]:
        bounds = node.union(found, value) if node.operator in ("Max", "Min") else None
        found = pairwise(node, found, value, formula, element, bounds)
    if node.operator == "Mean":
        code = f"let r = $0[i] / {len(values)}.0;"
        found = node.emit([found], shape, element, code)
    return found


def _fold(node: Node, element: Element) -> str:
    match node.operator:
        case "Sum" | "Mean":
            return "total(x, y)" if element.is_float else "x + y"
        case name:
            function = name.lower()
            return f"{function}imum(x, y)" if element.is_float else f"{function}(x, y)"


@operator("Where")
def where(node: Node) -> Value:
    """Lowers Where: selects elements of one tensor or the other."""
    condition, a, b = node.input(0), node.input(1), node.input(2)
    shape = broadcast_shape(condition.shape, a.shape, b.shape)
    names = [broadcast("i", shape, value.shape) for value in (condition, a, b)]
    code = f"let r = select($2[{names[2]}], $1[{names[1]}], $0[{names[0]}] != 0u);"
    return node.emit([condition, a, b], shape, a.element, code, node.union(a, b))


@operator("Bernoulli", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike",
          "Multinomial")  # fmt: skip
def random(node: Node) -> Value:
    """Refuses random numbers, because no two providers would agree."""
    raise node.refuse("it draws random numbers")

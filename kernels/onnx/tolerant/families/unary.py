"""Operators of one tensor, element by element."""

from dataclasses import replace
from typing import Any

import ml_dtypes

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import BOOL, ELEMENTS, Element
from kernels.onnx.tolerant.node import Node, element_of
from kernels.onnx.tolerant.value import Value
from kernels.onnx.tolerant.wgsl import literal

# x is the element; the formulas follow ONNX's reference.
_FLOAT: dict[str, str] = {
    "Acos": "acos_(x)",
    "Acosh": "acosh_(x)",
    "Asin": "asin_(x)",
    "Asinh": "asinh_(x)",
    "Atan": "atan_(x)",
    "Atanh": "atanh_(x)",
    "Ceil": "ceil(x)",
    "Cos": "cos_(x)",
    "Cosh": "cosh_(x)",
    "Erf": "erf(x)",
    "Exp": "exp_(x)",
    "Floor": "floor(x)",
    "HardSwish": "x * clipped(x / 6.0 + 0.5, 0.0, 1.0)",
    "Log": "log_(x)",
    "Mish": "x * tanh_(softplus(x))",
    "Reciprocal": "1.0 / x",
    "Round": "round(x)",
    "Sigmoid": "sigmoid(x)",
    "Sin": "sin_(x)",
    "Sinh": "sinh_(x)",
    "Softplus": "softplus(x)",
    "Softsign": "x / (1.0 + abs(x))",
    "Sqrt": "sqrt(x)",
    "Tan": "tan_(x)",
    "Tanh": "tanh_(x)",
}


def _unary(node: Node, formula: str, element: Element | None = None) -> Value:
    value = node.input(0)
    code = f"let x = $0[i]; let r = {formula};"
    return node.emit([value], value.shape, element or value.element, code)


@operator(*_FLOAT)
def function(node: Node) -> Value:
    """A function of one float tensor."""
    node.floating(node.input(0))
    return _unary(node, _FLOAT[node.operator])


@operator("Abs", "Neg", "Sign", "Relu")
def signed(node: Node) -> Value:
    """Lowers operators on floats and signed integers."""
    value = node.input(0)
    lane = value.element.lane
    if lane == "u32":
        formula = {"Abs": "x", "Sign": "select(0u, 1u, x != 0u)", "Relu": "x"}.get(node.operator)
        if formula is None:
            raise node.refuse(f"{value.element.name} is not supported")
    else:
        zero = "0.0" if lane == "f32" else "0i"
        formula = {
            "Abs": "abs(x)",
            "Neg": "-x",
            "Sign": "sign_(x)" if lane == "f32" else "sign(x)",
            "Relu": f"select({zero}, x, x > {zero})",
        }[node.operator]
        if node.operator == "Relu" and lane == "f32":
            formula = "maximum(x, 0.0)"
    bounds = node.bounds(value) if value.element.is_wide else None
    if bounds is not None:
        low, high = bounds
        bounds = (min(-high, low, 0), max(-low, high, 0))
    return node.emit(
        [value], value.shape, value.element, f"let x = $0[i]; let r = {formula};", bounds
    )


@operator("Not", "BitwiseNot")
def negation(node: Node) -> Value:
    """Lowers the negation of booleans and of bits."""
    if node.operator == "Not":
        return _unary(node, "1u - min(x, 1u)", ELEMENTS[BOOL])
    return _unary(node, "~x")


@operator("IsNaN")
def is_nan(node: Node) -> Value:
    """Lowers IsNaN to booleans."""
    node.floating(node.input(0))
    return _unary(node, "select(0u, 1u, is_nan(x))", ELEMENTS[BOOL])


@operator("IsInf")
def is_inf(node: Node) -> Value:
    """Lowers IsInf to booleans, for the signs that the attributes select."""
    node.floating(node.input(0))
    tests = ["false"]
    if node.attribute("detect_positive", 1):
        tests.append("(is_inf(x) && x > 0.0)")
    if node.attribute("detect_negative", 1):
        tests.append("(is_inf(x) && x < 0.0)")
    return _unary(node, f"select(0u, 1u, {' || '.join(tests)})", ELEMENTS[BOOL])


_SELU = {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875}
# Defaults of the attributes, and the formula that they enter.
_PARAMETRIC: dict[str, tuple[dict[str, float], str]] = {
    "LeakyRelu": ({"alpha": 0.01}, "select(x, {alpha} * x, x < 0.0)"),
    "Elu": ({"alpha": 1.0}, "select(x, {alpha} * expm1(x), x < 0.0)"),
    "Celu": ({"alpha": 1.0}, "select(x, {alpha} * expm1(x / {alpha}), x < 0.0)"),
    "Selu": (_SELU, "{gamma} * select(x, {alpha} * expm1(x), x <= 0.0)"),
    "ThresholdedRelu": ({"alpha": 1.0}, "select(0.0, x, x > {alpha})"),
    "HardSigmoid": ({"alpha": 0.2, "beta": 0.5}, "clipped({alpha} * x + {beta}, 0.0, 1.0)"),
    "Swish": ({"alpha": 1.0}, "x * sigmoid({alpha} * x)"),
    "Shrink": (
        {"bias": 0.0, "lambd": 0.5},
        "select(select(0.0, x - {bias}, x > {lambd}), x + {bias}, x < -{lambd})",
    ),
}


@operator(*_PARAMETRIC)
def parametric(node: Node) -> Value:
    """A function of one float tensor with attributes."""
    node.floating(node.input(0))
    defaults, formula = _PARAMETRIC[node.operator]
    given = {name: literal(node.attribute(name, value)) for name, value in defaults.items()}
    return _unary(node, formula.format(**given))


@operator("Gelu")
def gelu(node: Node) -> Value:
    """Lowers Gelu, exactly or by tanh."""
    node.floating(node.input(0))
    if node.attribute("approximate", b"none") == b"tanh":
        inner = "0.7978845608 * (x + 0.044715 * x * x * x)"
        return _unary(node, f"0.5 * x * (1.0 + tanh_({inner}))")
    return _unary(node, "0.5 * x * (1.0 + erf(x * 0.70710678))")


@operator("Cast", "CastLike")
def cast(node: Node) -> Value:
    """Lowers casts; ONNX does not define values out of the new type's range.

    They become what x86 makes of them: the least int32, or the low bits for narrower types.
    """
    value = node.input(0)
    if node.operator == "Cast":
        target = element_of(int(node.attribute("to")), "Cast")
    else:
        target = node.input(1).element
    if target.is_small and not node.attribute("saturate", 1):
        # Of these types only E5M2 has an infinity.
        beyond = "inf()" if target.name == "float8e5m2" else "nan()"
        text = target.store.rsplit(",", 1)[0].replace("(r", "($0[i]", 1)
        code = f"let s = {text}, {beyond}); let r = s;"
        return node.emit([value], value.shape, replace(target, store="r"), code)
    return converted(node, value, target)


@operator("BitCast")
def bit_cast(node: Node) -> Value:
    """Lowers BitCast: the same bits as another type of the same width."""
    value = node.input(0)
    source, target = value.element, element_of(int(node.attribute("to")), node.operator)
    if source.numpy.itemsize != target.numpy.itemsize or 64 in (source.bits, target.bits):
        raise node.refuse(f"{source.name} to {target.name} is not supported")
    narrow_float = any(each.is_float and each.numpy.itemsize != 4 for each in (source, target))
    if narrow_float or source.bits in (2, 4):
        raise node.refuse(f"{source.name} to {target.name} is not supported")
    return _unary(node, f"bitcast<{target.lane}>(x)", target)


def converted(node: Node, value: Value, target: Element) -> Value:
    """Returns the value in another element type, truncated towards zero."""
    source = value.element
    if source == target:
        return value
    bounds = node.bounds(value) if target.is_wide else None
    if target.code == BOOL:
        zero = {"f32": "0.0", "i32": "0i", "u32": "0u"}[source.lane]
        # NaN is true.
        formula = "select(1u, 0u, equals(x, 0.0))"
        if not source.is_float:
            formula = f"select(0u, 1u, x != {zero})"
    elif source.is_float and not target.is_float:
        formula = f"to_{target.lane}(x)"
    elif source.lane == target.lane:
        formula = "x"
    else:
        formula = f"{target.lane}(x)"
    if target.is_wide and source.is_float and bounds is not None:
        bounds = (int(bounds[0]), int(bounds[1]))
    return node.emit([value], value.shape, target, f"let x = $0[i]; let r = {formula};", bounds)


@operator("Clip")
def clip(node: Node) -> Value:
    """Lowers Clip: clamps to bounds from attributes or inputs.

    A bound that is left out is the float type's own, so that infinities become finite.
    """
    value = node.input(0)
    inputs, formula = [value], "x"
    suffix = "imum" if value.element.is_float else ""
    for name, index, function in (("min", 1, "max"), ("max", 2, "min")):
        limit = ""
        if node.has(index) and not _is_beyond(node, node.input(index), name):
            inputs.append(node.input(index))
            limit = f"${len(inputs) - 1}[0]"
        elif not node.has(index) and value.element.is_float:
            limit = literal(node.attribute(name, _ends(value.element)[index - 1]))
        if limit:
            formula = f"{function}{suffix}({formula}, {limit})"
    code = f"let x = $0[i]; let r = {formula};"
    return node.emit(inputs, value.shape, value.element, code, node.union(*inputs))


def _ends(element: Element) -> tuple[float, float]:
    """Returns the least and the largest finite number of a float type."""
    # Its type stubs lack this function's types.
    limits: Any = ml_dtypes.finfo(element.numpy)  # type: ignore[no-untyped-call]
    most = float(limits.max)
    return -most, most


def _is_beyond(node: Node, limit: Value, name: str) -> bool:
    """Returns whether a bound of Clip lies beyond what lanes hold, and so bounds nothing."""
    if not limit.element.is_wide or limit.host is None:
        return False
    low, high = limit.element.bounds
    found = int(limit.host().reshape(()))
    return found < low if name == "min" else found > high


@operator("Identity")
def identity(node: Node) -> Value:
    """Lowers Identity to its input."""
    return node.input(0)


@operator("Dropout")
def dropout(node: Node) -> list[Value]:
    """Lowers Dropout, which drops nothing at inference."""
    value = node.input(0)
    training = node.has(2) and bool(node.known(2).reshape(()))
    ratio = float(node.known(1).reshape(())) if node.has(1) else node.attribute("ratio", 0.5)
    if training and ratio:
        raise node.refuse("training mode draws random numbers")
    mask = node.emit([], value.shape, ELEMENTS[BOOL], "let r = 1u;")
    return [value, mask] if len(node.outputs) > 1 else [value]

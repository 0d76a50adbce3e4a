"""Operators between floats and integers with a scale and a zero point."""

from math import prod

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT, UINT8, Element
from kernels.onnx.tolerant.families.linear import centred, convolution, matmul
from kernels.onnx.tolerant.families.reduction import fold
from kernels.onnx.tolerant.node import Node, element_of, reshaped
from kernels.onnx.tolerant.value import Value, strides
from kernels.onnx.tolerant.wgsl import axis_index


def _place(node: Node, value: Value, scale: Value, axis: int) -> str:
    """Returns the index of an element's scale: one scale in all, per slice or per block."""
    if scale.size == 1:
        return "0u"
    block = int(node.attribute("block_size", 0))
    if scale.rank == value.rank and block:
        terms = [
            f"{axis_index('i', value.shape, at)}"
            + (f" / {block}u" if at == axis else "")
            + f" * {step}u"
            for at, step in enumerate(strides(scale.shape))
        ]
        return " + ".join(f"({term})" for term in terms)
    return axis_index("i", value.shape, axis)


def _rounded(element: Element, quotient: str, zero: str) -> str:
    """Returns WGSL that rounds half to even and saturates; NaN becomes zero."""
    low, high = element.bounds
    return f"{element.lane}(saturated(round({quotient}) + {zero}, {low}.0, {high}.0))"


def _small(node: Node, element: Element) -> Element:
    if element.bits not in (2, 4, 8, 16):
        raise node.refuse(f"the output type {element.name} is not supported")
    return element


@operator("QuantizeLinear")
def quantize(node: Node) -> Value:
    """Lowers QuantizeLinear: rounds half to even, then clamps."""
    value, scale = node.input(0), node.input(1)
    axis = node.axis(1, value.rank) if value.rank else 0
    place = _place(node, value, scale, axis)
    inputs, zero = [value, scale], "0.0"
    code = int(node.attribute("output_dtype", 0))
    element = ELEMENTS[UINT8] if not code else element_of(code, node.operator)
    if node.has(2):
        inputs.append(node.input(2))
        zero, element = "f32($2[place])", node.input(2).element
    rounded = "f32($0[i]) / $1[place]"
    if not element.is_small:
        rounded = _rounded(_small(node, element), rounded, zero)
    return node.emit(inputs, value.shape, element, f"let place = {place}; let r = {rounded};")


@operator("DequantizeLinear")
def dequantize(node: Node) -> Value:
    """Lowers DequantizeLinear: (x - zero point) times scale."""
    value, scale = node.input(0), node.input(1)
    axis = node.axis(1, value.rank) if value.rank else 0
    inputs, x = [value, scale], "f32($0[i])"
    if node.has(2):
        inputs.append(node.input(2))
        difference = "$0[i] - $2[place]"
        if not value.element.is_float:
            difference = "i32($0[i]) - i32($2[place])"
        x = f"f32({difference})"
    code = int(node.attribute("output_dtype", 0))
    element = scale.element if not code else element_of(code, node.operator)
    text = f"let place = {_place(node, value, scale, axis)}; let r = {x} * $1[place];"
    return node.emit(inputs, value.shape, element, text)


@operator("DynamicQuantizeLinear")
def dynamic_quantize(node: Node) -> list[Value]:
    """Lowers DynamicQuantizeLinear: uint8 over the tensor's own range, extended to include zero."""
    value = node.input(0)
    table = reshaped(value, (1, value.size))
    low = fold(node, table, "0.0", "min(acc, x)")
    high = fold(node, table, "0.0", "max(acc, x)")
    scale = node.emit([low, high], (), ELEMENTS[FLOAT], "let r = ($1[0] - $0[0]) / 255.0;")
    code = "let r = u32(saturated(round(-$0[0] / $1[0]), 0.0, 255.0));"
    zero = node.emit([low, scale], (), ELEMENTS[UINT8], code)
    rounded = _rounded(ELEMENTS[UINT8], "$0[i] / $1[0]", "f32($2[0])")
    found = node.emit([value, scale, zero], value.shape, ELEMENTS[UINT8], f"let r = {rounded};")
    return [found, scale, zero]


def _requantized(
    node: Node, total: Value, scales: tuple[int, int, int], zero: int, axis: int
) -> Value:
    a, b, y = (node.input(at) for at in scales)
    point = node.input(zero)
    place = axis_index("i", total.shape, axis) if b.size > 1 else "0u"
    if a.size > 1 or prod(y.shape) > 1:
        raise node.refuse("one scale per row of the left operand or the output is not supported")
    element = _small(node, point.element)
    quotient = f"f32($0[i]) * ($1[0] * $2[{place}] / $3[0])"
    code = f"let r = {_rounded(element, quotient, 'f32($4[0])')};"
    return node.emit([total, a, b, y, point], total.shape, element, code)


@operator("QLinearMatMul")
def qlinear_matmul(node: Node) -> Value:
    """Lowers QLinearMatMul: a product of quantised matrices, quantised again."""
    a, b = centred(node, 0, 2, -2), centred(node, 3, 5, -1)
    total = matmul(node, a, b, start="0i")
    return _requantized(node, total, (1, 4, 6), 7, total.rank - 1)


@operator("QLinearConv")
def qlinear_conv(node: Node) -> Value:
    """Lowers QLinearConv: a convolution of quantised tensors, quantised again."""
    x, w = centred(node, 0, 2, 1), centred(node, 3, 5, 0)
    bias = node.input(8) if node.has(8) else None
    total = convolution(node, x, w, bias, start="0i")
    return _requantized(node, total, (1, 4, 6), 7, 1)

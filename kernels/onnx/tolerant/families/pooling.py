"""Pools over windows and whole images."""

from math import prod

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT, INT64
from kernels.onnx.tolerant.families.creation import constant
from kernels.onnx.tolerant.families.linear import positions, taps, window
from kernels.onnx.tolerant.families.reduction import fold, rows, shaped
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.tiling import Window
from kernels.onnx.tolerant.value import Value, strides


def _lowest(node: Node, value: Value) -> str:
    if value.element.is_float:
        return "(-inf())"
    if value.element.bits not in (8, 16, 32):
        raise node.refuse(f"{value.element.name} is not supported")
    return constant(value.element, value.element.bounds[0])


def _pool_window(node: Node, spatial: tuple[int, ...]) -> Window:
    """Returns the window; raises UnsupportedOperator where ONNX and onnxruntime disagree on it."""
    found = window(node, node.attribute("kernel_shape"), spatial)
    if node.attribute("auto_pad", b"NOTSET") in (b"SAME_UPPER", b"SAME_LOWER"):
        wide = any(step > 1 for step in found.dilations)
        short = any(
            (-(-length // step) - 1) * step + size < length
            for length, step, size in zip(spatial, found.strides, found.kernel, strict=True)
        )
        if wide or short:
            raise node.refuse(
                "auto_pad with dilations, or with strides beyond the window, is unclear; give pads"
            )
    return found


def _prologue(value: Value, out: tuple[int, ...]) -> str:
    plane = prod(value.shape[2:])
    return f"{positions(out)} let plane = i / {prod(out)}u * {plane}u; "


@operator("MaxPool")
def max_pool(node: Node) -> list[Value]:
    """Lowers MaxPool: the largest element of a window, and its position."""
    value = node.input(0)
    spatial = value.shape[2:]
    found = _pool_window(node, spatial)
    out = found.lengths(spatial, bool(node.attribute("ceil_mode", 0)))
    shape = (*value.shape[:2], *out)
    # A number takes the place of NaN; only a window of nothing else gives NaN.
    above = "first || is_nan({0}) || exceeds(x, {0})" if value.element.is_float else "x > {0}"
    body = f"let x = $0[plane + at]; if ({above.format('r')}) {{ r = x; first = false; }}"
    code = f"{_prologue(value, out)} var r = {_lowest(node, value)}; var first = true; "
    results = [node.emit([value], shape, value.element, code + taps(found, spatial, body))]
    if len(node.outputs) > 1 and node.outputs[1]:
        place = "i32(plane + at)"
        if node.attribute("storage_order", 0):
            steps = strides(tuple(reversed(spatial)))[::-1]
            terms = " + ".join(f"p{axis} * {step}" for axis, step in enumerate(steps))
            place = f"i32(plane) + {terms}"
        test = above.format("best")
        body = f"let x = $0[plane + at]; if ({test}) {{ best = x; first = false; r = {place}; }}"
        code = f"{_prologue(value, out)} var best = {_lowest(node, value)}; var r = 0i; "
        code += "var first = true; "
        results.append(
            node.emit(
                [value], shape, ELEMENTS[INT64], code + taps(found, spatial, body), (0, value.size)
            )
        )
    return results


@operator("AveragePool")
def average_pool(node: Node) -> Value:
    """Lowers AveragePool: the mean of a window, including padding with count_include_pad."""
    value = node.input(0)
    node.floating(value)
    spatial = value.shape[2:]
    found = _pool_window(node, spatial)
    out = found.lengths(spatial, bool(node.attribute("ceil_mode", 0)))
    body = "r += $0[plane + at]; count += 1.0;"
    code = f"{_prologue(value, out)} var r = 0.0; var count = 0.0; {taps(found, spatial, body)} "
    code += _padded_count(found, spatial) if node.attribute("count_include_pad", 0) else ""
    return node.emit([value], (*value.shape[:2], *out), value.element, code + " r = r / count;")


def _padded_count(found: Window, spatial: tuple[int, ...]) -> str:
    """Returns WGSL that counts taps in the image or its padding; a window may reach beyond both."""
    text, factors = "", []
    for axis, length in enumerate(spatial):
        end = length + found.after[axis]
        text += (
            f"var n{axis} = 0.0; for (var k = 0; k < {found.kernel[axis]}; k++) {{ "
            f"if (i32(o{axis}) * {found.strides[axis]} - {found.before[axis]} "
            f"+ k * {found.dilations[axis]} < {end}) {{ n{axis} += 1.0; }} }} "
        )
        factors.append(f"n{axis}")
    return f"{text} count = {' * '.join(factors)};"


@operator("LpPool")
def lp_pool(node: Node) -> Value:
    """Lowers LpPool: the p-norm of a window."""
    value = node.input(0)
    node.floating(value)
    spatial, p = value.shape[2:], float(node.attribute("p", 2))
    found = _pool_window(node, spatial)
    out = found.lengths(spatial, bool(node.attribute("ceil_mode", 0)))
    body = f"r += power(abs($0[plane + at]), {p}f);"
    code = f"{_prologue(value, out)} var r = 0.0; {taps(found, spatial, body)} "
    return node.emit(
        [value], (*value.shape[:2], *out), value.element, code + f"r = power(r, {1 / p}f);"
    )


@operator("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(node: Node) -> Value:
    """Lowers global pools, over all spatial axes."""
    value = node.input(0)
    node.floating(value)
    axes = list(range(2, value.rank))
    table = rows(node, value, axes)
    length = table.shape[1]
    if node.operator == "GlobalMaxPool":
        found = fold(node, table, "(-inf())", "maximum(acc, x)")
    elif node.operator == "GlobalAveragePool":
        total = fold(node, table, "0.0", "acc + x", element=ELEMENTS[FLOAT])
        found = node.emit([total], total.shape, value.element, f"let r = $0[i] / {length}.0;")
    else:
        p = float(node.attribute("p", 2))
        term = f"power(abs(@), {p}f)"
        total = fold(node, table, "0.0", "acc + x", term, element=ELEMENTS[FLOAT])
        code = f"let r = power($0[i], {1 / p}f);"
        found = node.emit([total], total.shape, value.element, code)
    return shaped(found, value, axes, True)

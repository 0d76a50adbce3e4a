"""Matrix products, convolutions and their integer forms."""

from collections.abc import Sequence
from math import prod

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, INT32
from kernels.onnx.tolerant.errors import UnsupportedOperator
from kernels.onnx.tolerant.families.movement import transposed
from kernels.onnx.tolerant.node import Node, broadcast_shape, reshaped
from kernels.onnx.tolerant.tiling import (
    Window,
    tiled_convolution,
    tiled_depthwise,
    tiled_product,
)
from kernels.onnx.tolerant.value import Value, on_host, strides
from kernels.onnx.tolerant.wgsl import MAX_LOOP, broadcast, iterations, literal

# Rows of a product per invocation; a column is read once for all of them.
ROWS = 4


def matmul(node: Node, a: Value, b: Value, *, start: str = "0.0") -> Value:
    """Returns NumPy's matmul of a and b, summed from `start`, a zero of the lanes' type."""
    left = a if a.rank > 1 else reshaped(a, (1, *a.shape))
    right = b if b.rank > 1 else reshaped(b, (*b.shape, 1))
    k = left.shape[-1]
    if right.shape[-2] != k:
        raise node.refuse(f"shapes {a.shape} and {b.shape} do not fit")
    if k > MAX_LOOP:
        raise node.refuse(f"sums of {k} terms exceed {MAX_LOOP}")
    if a.element.is_float:
        found = tiled_product(node, left, right)
    else:
        found = _rowwise(node, left, right, start)
    shape = list(found.shape)
    if b.rank == 1:
        shape.pop()
    if a.rank == 1:
        shape.pop(-1 if b.rank == 1 else -2)
    return reshaped(found, shape)


def _rowwise(node: Node, left: Value, right: Value, start: str) -> Value:
    """Returns a product of integers, a few rows per invocation."""
    m, k = left.shape[-2:]
    n = right.shape[-1]
    batch = broadcast_shape(left.shape[:-2], right.shape[:-2])
    element = left.element if left.element.bits in (32, 64) else ELEMENTS[INT32]
    groups = -(-m // ROWS)
    size = prod(batch) * groups * n
    code = (
        f"if (i >= {size}u) {{ return; }} let n = i % {n}u; "
        f"let first = i / {n}u % {groups}u * {ROWS}u; "
        f"let batch = i / {groups * n}u; "
        f"let rows = ({broadcast('batch', batch, left.shape[:-2])}) * {m * k}u; "
        f"let column = ({broadcast('batch', batch, right.shape[:-2])}) * {k * n}u + n; "
    )
    for row in range(ROWS):
        # A row beyond the last one repeats it, and is not written.
        code += f"let m{row} = rows + min(first + {row}u, {m - 1}u) * {k}u; var r{row} = {start}; "
    code += f"for (var k = 0u; k < {k}u; k++) {{ let y = $1[column + k * {n}u]; "
    code += "".join(f"r{row} += $0[m{row} + k] * y; " for row in range(ROWS)) + "} "
    for row in range(ROWS):
        place = f"(batch * {m}u + first + {row}u) * {n}u + n"
        value = element.rounded(f"r{row}")
        code += f"if (first + {row}u < {m}u) {{ $out[{place}] = {value}; }} "
    bounds = _sum_bounds(node, left, right, k)
    return node.emit([left, right], (*batch, m, n), element, code, bounds, invocations=size)


def _sum_bounds(node: Node, a: Value, b: Value, terms: int) -> tuple[int, int] | None:
    if not a.element.is_wide:
        return None
    left, right = node.bounds(a), node.bounds(b)
    if left is None or right is None:
        return None
    most = terms * max(map(abs, left)) * max(map(abs, right))
    return (0 if a.element.lane == "u32" else -most), most


@operator("MatMul")
def matmul_node(node: Node) -> Value:
    """Lowers MatMul, which is NumPy's matmul."""
    a = node.input(0)
    start = {"f32": "0.0", "i32": "0i", "u32": "0u"}[a.element.lane]
    return matmul(node, a, node.input(1), start=start)


@operator("Gemm")
def gemm(node: Node) -> Value:
    """Lowers Gemm: alpha A B + beta C, with either operand transposed on request."""
    a, b = node.input(0), node.input(1)
    node.floating(a)
    across, down = node.attribute("transA", 0), node.attribute("transB", 0)
    m, k = a.shape[::-1] if across else a.shape
    n = b.shape[0 if down else 1]
    if k > MAX_LOOP:
        raise node.refuse(f"sums of {k} terms exceed {MAX_LOOP}")
    found = tiled_product(
        node, _transposed(node, a) if across else a, _transposed(node, b) if down else b
    )
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)
    if alpha != 1:
        found = node.emit([found], (m, n), a.element, f"let r = {literal(alpha)} * $0[i];")
    if not node.has(2):
        return found
    c = node.input(2)
    place = broadcast("i", (m, n), c.shape)
    code = f"let r = $0[i] + {literal(beta)} * $1[{place}];"
    return node.emit([found, c], (m, n), a.element, code)


def _transposed(node: Node, value: Value) -> Value:
    """Returns a matrix with its axes swapped; that of a constant is a constant."""
    host = value.host
    if host is not None and value.static:
        return on_host(host().T, value.element, static=True)
    return transposed(node, value, (1, 0))


def window(node: Node, kernel: Sequence[int], spatial: Sequence[int]) -> Window:
    """Returns the window that a node's attributes describe, including auto_pad."""
    rank = len(spatial)
    steps = tuple(node.attribute("strides", [1] * rank))
    dilations = tuple(node.attribute("dilations", [1] * rank))
    pads = list(node.attribute("pads", [0] * 2 * rank))
    auto = node.attribute("auto_pad", b"NOTSET")
    if auto in (b"SAME_UPPER", b"SAME_LOWER"):
        for at, length in enumerate(spatial):
            out = -(-length // steps[at])
            reach = dilations[at] * (kernel[at] - 1) + 1
            total = max((out - 1) * steps[at] + reach - length, 0)
            small, large = total // 2, total - total // 2
            upper = auto == b"SAME_UPPER"
            pads[at], pads[rank + at] = (small, large) if upper else (large, small)
    elif auto == b"VALID":
        pads = [0] * 2 * rank
    return Window(tuple(kernel), steps, dilations, tuple(pads[:rank]), tuple(pads[rank:]))


def taps(found: Window, spatial: Sequence[int], body: str) -> str:
    """Returns WGSL loops over a window at output position o0, o1, ...

    The body runs for taps inside the image; `at` is the offset in the image and `tap` the tap's
    number. Raises UnsupportedOperator for a window of more turns than an invocation has.
    """
    if (turns := iterations(*found.kernel)) > MAX_LOOP:
        raise UnsupportedOperator("window", f"{turns} turns exceed {MAX_LOOP}")
    steps, kernel = strides(tuple(spatial)), strides(found.kernel)
    text, close = "", ""
    for axis in range(len(spatial)):
        text += (
            f"for (var k{axis} = 0; k{axis} < {found.kernel[axis]}; k{axis}++) {{ "
            f"let p{axis} = i32(o{axis}) * {found.strides[axis]} - {found.before[axis]} "
            f"+ k{axis} * {found.dilations[axis]}; "
            f"if (p{axis} < 0 || p{axis} >= {spatial[axis]}) {{ continue; }} "
        )
        close += " }"
    at = " + ".join(f"p{axis} * {step}" for axis, step in enumerate(steps))
    tap = " + ".join(f"k{axis} * {step}" for axis, step in enumerate(kernel))
    return f"{text} let at = u32({at}); let tap = u32({tap}); {body}{close}"


def positions(out: Sequence[int]) -> str:
    """Returns WGSL that declares q and the positions o0, o1, ... of element i in [N, C, *out]."""
    inner = prod(out)
    text = f"let q = i % {inner}u; "
    for axis, step in enumerate(strides(tuple(out))):
        text += f"let o{axis} = q / {step}u % {out[axis]}u; "
    return text


def convolution(
    node: Node, x: Value, w: Value, bias: Value | None, *, term: str = "x * y", start: str = "0.0"
) -> Value:
    """Returns [N, M, *out] from [N, C, *in] and [M, C / group, *kernel].

    Taps outside the image add nothing.
    """
    group = int(node.attribute("group", 1))
    spatial, kernel = x.shape[2:], w.shape[2:]
    found = window(node, kernel, spatial)
    if term == "x * y" and start == "0.0":
        for tiled in (tiled_depthwise, tiled_convolution):
            if (made := tiled(node, x, w, bias, found)) is not None:
                return made
    out = found.lengths(spatial)
    batch, channels, outputs, depth = x.shape[0], x.shape[1], w.shape[0], w.shape[1]
    if (turns := iterations(depth, *kernel)) > MAX_LOOP:
        raise node.refuse(f"sums in {turns} turns exceed {MAX_LOOP}")
    plane, size = prod(spatial), prod(out)
    body = f"let x = $0[plane + at]; let y = $1[weights + tap]; r += {term};"
    inputs = [x, w]
    rest = ""
    if bias is not None:
        inputs.append(bias)
        rest = " r += $2[m];"
    code = (
        f"{positions(out)} let m = i / {size}u % {outputs}u; let n = i / {size * outputs}u; "
        f"let g = m / {outputs // group}u; var r = {start}; "
        f"for (var c = 0u; c < {depth}u; c++) {{ "
        f"let plane = (n * {channels}u + g * {depth}u + c) * {plane}u; "
        f"let weights = (m * {depth}u + c) * {prod(kernel)}u; "
        f"{taps(found, spatial, body)} }}{rest}"
    )
    element = x.element if x.element.is_float else ELEMENTS[INT32]
    return node.emit(inputs, (batch, outputs, *out), element, code)


@operator("Conv")
def conv(node: Node) -> Value:
    """Lowers Conv: cross-correlation over any number of axes."""
    node.floating(node.input(0))
    bias = node.input(2) if node.has(2) else None
    return convolution(node, node.input(0), node.input(1), bias)


@operator("ConvTranspose")
def conv_transpose(node: Node) -> Value:
    """Lowers ConvTranspose; each output element gathers the inputs that reach it."""
    x, w = node.input(0), node.input(1)
    node.floating(x)
    group, rank = int(node.attribute("group", 1)), x.rank - 2
    spatial, kernel = x.shape[2:], w.shape[2:]
    steps = node.attribute("strides", [1] * rank)
    dilations = node.attribute("dilations", [1] * rank)
    extra = node.attribute("output_padding", [0] * rank)
    pads = list(node.attribute("pads", [0] * 2 * rank))
    full = [
        steps[at] * (spatial[at] - 1) + extra[at] + (kernel[at] - 1) * dilations[at] + 1
        for at in range(rank)
    ]
    auto = node.attribute("auto_pad", b"NOTSET")
    wanted = node.attribute("output_shape")
    if wanted is None and auto in (b"SAME_UPPER", b"SAME_LOWER"):
        wanted = [length * step for length, step in zip(spatial, steps, strict=True)]
    if wanted is not None:
        for at in range(rank):
            total = full[at] - wanted[at]
            first = total // 2 if auto == b"SAME_UPPER" else total - total // 2
            pads[at], pads[rank + at] = first, total - first
    out = [full[at] - pads[at] - pads[rank + at] for at in range(rank)]
    channels, per = x.shape[1], w.shape[1]
    depth = channels // group
    if (turns := iterations(depth, *kernel)) > MAX_LOOP:
        raise node.refuse(f"sums in {turns} turns exceed {MAX_LOOP}")
    image, taps_of = strides(spatial), strides(kernel)
    loops, close = "", ""
    for at in range(rank):
        loops += (
            f"for (var k{at} = 0; k{at} < {kernel[at]}; k{at}++) {{ "
            f"let s{at} = i32(o{at}) + {pads[at]} - k{at} * {dilations[at]}; "
            f"if (s{at} < 0 || s{at} % {steps[at]} != 0) {{ continue; }} "
            f"let p{at} = s{at} / {steps[at]}; if (p{at} >= {spatial[at]}) {{ continue; }} "
        )
        close += " }"
    at_ = " + ".join(f"p{at} * {step}" for at, step in enumerate(image))
    tap = " + ".join(f"k{at} * {step}" for at, step in enumerate(taps_of))
    size, outputs = prod(out), per * group
    inputs, rest = [x, w], ""
    if node.has(2):
        inputs.append(node.input(2))
        rest = " r += $2[m];"
    code = (
        f"{positions(out)} let m = i / {size}u % {outputs}u; let n = i / {size * outputs}u; "
        f"let g = m / {per}u; var r = 0.0; for (var c = 0u; c < {depth}u; c++) {{ "
        f"let channel = g * {depth}u + c; "
        f"let plane = (n * {channels}u + channel) * {prod(spatial)}u; "
        f"let weights = (channel * {per}u + m % {per}u) * {prod(kernel)}u; "
        f"{loops} r += $0[plane + u32({at_})] * $1[weights + u32({tap})];{close} }}{rest}"
    )
    return node.emit(inputs, (x.shape[0], outputs, *out), x.element, code)


@operator("Einsum")
def einsum(node: Node) -> Value:
    """Lowers Einsum: sums of products by an equation, one loop per summed letter."""
    equation = node.attribute("equation").decode().replace(" ", "")
    values = [node.input(at) for at in range(len(node.inputs))]
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if "." in equation:
        most = max(v.rank - len(t.replace("...", "")) for v, t in zip(values, terms, strict=True))
        letters = "ZYXWVU"[:most]
        terms = [
            t.replace("...", letters[most - (v.rank - len(t.replace("...", ""))) :])
            for v, t in zip(values, terms, strict=True)
        ]
        right = right.replace("...", letters)
    if not arrow:
        letters = "".join(terms)
        right = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    sizes: dict[str, int] = {}
    for value, term in zip(values, terms, strict=True):
        for letter, length in zip(term, value.shape, strict=True):
            sizes[letter] = max(length, sizes.get(letter, 1))
    summed = [letter for letter in sizes if letter not in right]
    if iterations(*(sizes[letter] for letter in summed)) > MAX_LOOP:
        raise node.refuse("its sums exceed the longest loop of an adapter")
    node.floating(values[0])
    shape = tuple(sizes[letter] for letter in right)
    code = "".join(
        f"let v{letter} = i / {step}u % {sizes[letter]}u; "
        for letter, step in zip(right, strides(shape), strict=True)
    )
    code += "var r = 0.0; "
    code += "".join(f"for (var v{c} = 0u; v{c} < {sizes[c]}u; v{c}++) {{ " for c in summed)
    factors = []
    for number, (value, term) in enumerate(zip(values, terms, strict=True)):
        places = [
            f"v{letter} * {step}u"
            for letter, step, length in zip(term, strides(value.shape), value.shape, strict=True)
            if length > 1 or sizes[letter] == 1
        ]
        factors.append(f"${number}[{' + '.join(places) or '0u'}]")
    code += f"r += {' * '.join(factors)};" + " }" * len(summed)
    return node.emit(values, shape, values[0].element, code)


def zero_point(node: Node, index: int) -> Value | None:
    """Returns a zero point, or None where none is given."""
    return node.input(index) if node.has(index) else None


@operator("MatMulInteger")
def matmul_integer(node: Node) -> Value:
    """Lowers MatMulInteger: int32 products of integers less their zero points."""
    a, b = centred(node, 0, 2, -2), centred(node, 1, 3, -1)
    return matmul(node, a, b, start="0i")


def centred(node: Node, index: int, zero: int, axis: int) -> Value:
    """Returns an input less its zero point, in int32.

    A vector of zero points runs along the axis.
    """
    value = node.input(index)
    point = zero_point(node, zero)
    if point is None:
        return node.emit([value], value.shape, ELEMENTS[INT32], "let r = i32($0[i]);")
    if point.rank == 1 and point.size > 1:
        lengths = [1] * value.rank
        lengths[axis] = point.size
        point = reshaped(point, lengths)
    elif point.size == 1:
        point = reshaped(point, ())
    at = broadcast("i", value.shape, point.shape)
    code = f"let r = i32($0[i]) - i32($1[{at}]);"
    return node.emit([value, point], value.shape, ELEMENTS[INT32], code)


@operator("ConvInteger")
def conv_integer(node: Node) -> Value:
    """Lowers ConvInteger: int32 convolution of integers less their zero points."""
    return convolution(node, centred(node, 0, 2, 1), centred(node, 1, 3, 0), None, start="0i")


@operator("Det")
def determinant(node: Node) -> Value:
    """Lowers Det by elimination with pivots, for matrices of at most sixteen rows."""
    value = node.input(0)
    node.floating(value)
    n = value.shape[-1]
    if n > 16:
        raise node.refuse(f"matrices have {n} rows, above 16")
    code = (
        f"var m: array<f32, {n * n}>; for (var k = 0u; k < {n * n}u; k++) "
        f"{{ m[k] = $0[i * {n * n}u + k]; }} var r = 1.0; "
        f"for (var c = 0u; c < {n}u; c++) {{ var p = c; "
        f"for (var k = c + 1u; k < {n}u; k++) "
        f"{{ if (abs(m[k * {n}u + c]) > abs(m[p * {n}u + c])) {{ p = k; }} }} "
        f"if (p != c) {{ r = -r; for (var k = 0u; k < {n}u; k++) {{ "
        f"let t = m[c * {n}u + k]; m[c * {n}u + k] = m[p * {n}u + k]; m[p * {n}u + k] = t; }} }} "
        f"let d = m[c * {n}u + c]; r *= d; if (d == 0.0) {{ break; }} "
        f"for (var k = c + 1u; k < {n}u; k++) {{ let f = m[k * {n}u + c] / d; "
        f"for (var j = c; j < {n}u; j++) {{ m[k * {n}u + j] -= f * m[c * {n}u + j]; }} }} }}"
    )
    return node.emit([value], value.shape[:-2], value.element, code)

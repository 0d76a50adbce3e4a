"""Convolutions: an invocation computes eight pixels by sixteen or eight filters."""

from math import prod

import numpy as np

from kernels.onnx.tolerant.element import ELEMENTS, FLOAT
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.tiling.window import Window, fits_i32, numbers
from kernels.onnx.tolerant.value import Value, on_host
from kernels.onnx.tolerant.wgsl import MAX_LOOP

# Two vectors of four pixels.
PIXELS = 8
# With more, a compiler runs out of registers.
FILTERS = (16, 8)


def tiled_convolution(
    node: Node, x: Value, w: Value, bias: Value | None, window: Window
) -> Value | None:
    """Returns [N, M, *out] from [N, C, *in] and constant weights [M, C / group, *kernel].

    Returns None for what is left to the general kernel: three axes and more, weights that are no
    constants, and groups of few filters.
    """
    if len(window.kernel) > 2 or w.host is None or not w.static or not x.element.is_float:
        return None
    group = int(node.attribute("group", 1))
    if bias is not None and (bias.host is None or not bias.static):
        return None
    filters, depth = w.shape[:2]
    per = filters // group
    wide = filters > FILTERS[1] and (group == 1 or per % FILTERS[0] == 0)
    block = FILTERS[0] if wide else FILTERS[1]
    turns = prod(window.kernel) * (depth + 1) + PIXELS * (block + 1)
    if (group > 1 and per % block) or turns > MAX_LOOP:
        return None
    lengths = window.lengths(x.shape[2:])
    shape = (x.shape[0], filters, *lengths)
    if not prod(shape) or not fits_i32(x.size, prod(shape)):
        return None
    planar = window.planar
    height, width = (1, *x.shape[2:])[-2:]
    vectors = (
        planar.kernel == planar.strides == (1, 1)
        and not any((*planar.before, *planar.after))
        and height * width % 4 == 0
    )
    size = prod(lengths)
    pixels = x.shape[0] * size
    shapes = numbers(
        pixels, size, lengths[-1], x.shape[1], height, width, depth, prod(planar.kernel),
        planar.kernel[1], *planar.strides, *planar.dilations, *planar.before, filters, per,
    )  # fmt: skip
    code = _code(block, vectors)
    return node.emit(
        [x, _packed(w, block), _padded(bias, filters, block), shapes],
        shape,
        x.element,
        code.replace("VALUE", x.element.rounded("sums[f]")),
        invocations=-(-pixels // PIXELS) * -(-filters // block),
    )


def _packed(w: Value, block: int) -> Value:
    """Returns the weights as [blocks of filters, taps, channels, filters of a block]."""
    assert w.host is not None
    array = w.host().astype(np.float32)
    filters, depth = array.shape[:2]
    array = array.reshape(filters, depth, -1)
    padded = np.zeros((-(-filters // block) * block, *array.shape[1:]), np.float32)
    padded[:filters] = array
    packed = padded.reshape(-1, block, *array.shape[1:]).transpose(0, 3, 2, 1)
    return on_host(np.ascontiguousarray(packed), ELEMENTS[FLOAT], static=True)


def _padded(bias: Value | None, filters: int, block: int) -> Value:
    array = np.zeros(-(-filters // block) * block, np.float32)
    if bias is not None:
        assert bias.host is not None
        array[:filters] = bias.host().reshape(-1)
    return on_host(array, ELEMENTS[FLOAT], static=True)


def _code(block: int, vectors: bool) -> str:
    names = [
        "pixels",
        "size",
        "across",
        "channels",
        "height",
        "width",
        "depth",
        "taps",
        "kernel_width",
        "stride_y",
        "stride_x",
        "dilation_y",
        "dilation_x",
        "top",
        "left",
        "filters",
        "per",
    ]
    code = "".join(f"let {name} = $3[{at}]; " for at, name in enumerate(names))
    code += (
        f"let tiles = (u32(pixels) + {PIXELS - 1}u) / {PIXELS}u; let block = i / tiles; "
        f"let first = i % tiles * {PIXELS}u; let m = block * {block}u; "
        "if (m >= u32(filters)) { return; } "
        "let plane = height * width; let begin = i32(m) / per * depth; "
        f"var next = block * u32(taps * depth) * {block // 4}u; "
    )
    for quad in range(block // 4):
        code += f"let b{quad} = $v2[block * {block // 4}u + {quad}u]; "
    for f in range(block):
        start = f"b{f // 4}.{'xyzw'[f % 4]}"
        code += f"var s{f} = vec4f({start}); var t{f} = vec4f({start}); "
    code += _vectors(block) if vectors else _scalars(block)
    # Lavapipe takes five times as long to compile an array of all sums.
    sums = ", ".join(f"select(s{f}[p % 4u], t{f}[p % 4u], p >= 4u)" for f in range(block))
    return code + (
        f"for (var p = 0u; p < {PIXELS}u; p++) {{ let q = first + p; "
        f"if (q >= u32(pixels)) {{ break; }} var sums = array<f32, {block}>({sums}); "
        "let to = (q / u32(size) * u32(filters) + m) * u32(size) + q % u32(size); "
        f"for (var f = 0u; f < {block}u; f++) {{ if (m + f >= u32(filters)) {{ break; }} "
        "$out[to + f * u32(size)] = VALUE; } }"
    )


def _products(block: int) -> str:
    text = "".join(f"let w{quad} = $v1[next + {quad}u]; " for quad in range(block // 4))
    for f in range(block):
        weight = f"w{f // 4}.{'xyzw'[f % 4]}"
        text += f"s{f} += {weight} * x; t{f} += {weight} * y; "
    return f"{text} next += {block // 4}u; "


def _vectors(block: int) -> str:
    """Returns the sums of a window of one element, whose pixels are read as vectors."""
    return (
        "let quads = u32(plane) / 4u; let last = u32(pixels) / 4u - 1u; "
        "let u = first / 4u; let v = min(u + 1u, last); "
        "var at = (u / quads * u32(channels) + u32(begin)) * quads + u % quads; "
        "var beside = (v / quads * u32(channels) + u32(begin)) * quads + v % quads; "
        "for (var c = 0; c < depth; c++) { let x = $v0[at]; let y = $v0[beside]; "
        f"{_products(block)} at += quads; beside += quads; }} "
    )


def _scalars(block: int) -> str:
    """Returns the sums of any window, for which each pixel has a place of its own."""
    text = (
        "let down = size / across; var image = i32(first) / size; var rest = i32(first) % size; "
        "var oy = rest / across; var ox = rest % across; "
    )
    for p in range(PIXELS):
        text += (
            f"let y{p} = oy * stride_y - top; let x{p} = ox * stride_x - left; "
            f"let base{p} = (image * channels + begin) * plane; "
        )
        if p < PIXELS - 1:
            # Pixels beyond the last one repeat an earlier one's place, and are not stored.
            text += (
                "ox += 1; if (ox == across) { ox = 0; oy += 1; } "
                f"if (oy == down) {{ oy = 0; image += 1; }} "
                f"if (i32(first) + {p + 1} >= pixels) {{ image = 0; }} "
            )
    text += (
        "for (var tap = 0; tap < taps; tap++) { let ky = tap / kernel_width * dilation_y; "
        "let kx = tap % kernel_width * dilation_x; "
    )
    for p in range(PIXELS):
        text += (
            f"let in{p} = u32(y{p} + ky) < u32(height) && u32(x{p} + kx) < u32(width); "
            f"var at{p} = select(0, base{p} + (y{p} + ky) * width + x{p} + kx, in{p}); "
        )
    text += "for (var c = 0; c < depth; c++) { "
    for name, places in (("x", range(4)), ("y", range(4, 8))):
        reads = ", ".join(f"select(0.0, $0[at{p}], in{p})" for p in places)
        text += f"let {name} = vec4f({reads}); "
    text += _products(block)
    return text + "".join(f"at{p} += plane; " for p in range(PIXELS)) + "} } "

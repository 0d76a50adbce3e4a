"""Depthwise convolutions: an invocation computes eight neighbouring pixels of one channel."""

from math import prod

from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.tiling.window import Window, fits_i32, numbers
from kernels.onnx.tolerant.value import Value

PIXELS = 8
# Wider windows and steps need more loads in a row than they save.
MAX_WIDTH = 7
MAX_STRIDE = 2


def tiled_depthwise(
    node: Node, x: Value, w: Value, bias: Value | None, window: Window
) -> Value | None:
    """Returns [N, M, *out] from [N, C, *in] and weights [M, 1, *kernel].

    Returns None for what is left to other kernels: more than one channel per filter, three axes and
    more, wide or dilated rows.
    """
    if len(window.kernel) > 2 or not x.element.is_float:
        return None
    planar = window.planar
    filters, channels = w.shape[0], x.shape[1]
    width, stride = planar.kernel[1], planar.strides[1]
    wide = width > MAX_WIDTH or stride > MAX_STRIDE or planar.dilations[1] != 1
    if w.shape[1] != 1 or int(node.attribute("group", 1)) != channels or channels == 1 or wide:
        return None
    lengths = window.lengths(x.shape[2:])
    shape = (x.shape[0], filters, *lengths)
    if not prod(shape) or not fits_i32(x.size, prod(shape)):
        return None
    down, across = (1, *lengths)[-2:]
    tiles = -(-across // PIXELS)
    rows = x.shape[0] * filters * down
    shapes = numbers(
        rows, down, across, tiles, filters, filters // channels, channels,
        *(1, *x.shape[2:])[-2:], planar.kernel[0], planar.strides[0], planar.dilations[0],
        *planar.before,
    )  # fmt: skip
    inputs = [x, w, shapes]
    start = "0.0"
    if bias is not None:
        inputs.append(bias)
        start = "$3[u32(m)]"
    code = _code(width, stride, start)
    return node.emit(
        inputs,
        shape,
        x.element,
        code.replace("VALUE", x.element.rounded("done[p]")),
        invocations=rows * tiles,
    )


def _code(width: int, stride: int, start: str) -> str:
    names = [
        "rows",
        "down",
        "across",
        "tiles",
        "filters",
        "per",
        "channels",
        "height",
        "length",
        "kernel",
        "stride_y",
        "dilation",
        "top",
        "left",
    ]
    code = "".join(f"let {name} = $2[{at}]; " for at, name in enumerate(names))
    code += (
        "let row = i32(i) / tiles; if (row >= rows) { return; } "
        f"let first = i32(i) % tiles * {PIXELS}; let oy = row % down; let q = row / down; "
        "let m = q % filters; let base = (q / filters * channels + m / per) * height * length; "
        f"let corner = first * {stride} - left; let start = {start}; "
        "var s = vec4f(start); var t = vec4f(start); "
        "for (var ky = 0; ky < kernel; ky++) { let y = oy * stride_y - top + ky * dilation; "
        "if (y < 0 || y >= height) { continue; } let at = base + y * length; "
    )
    reach = (PIXELS - 1) * stride + width
    for place in range(reach):
        code += (
            f"let x{place} = corner + {place}; let in{place} = u32(x{place}) < u32(length); "
            f"let v{place} = select(0.0, $0[select(0, at + x{place}, in{place})], in{place}); "
        )
    for kx in range(width):
        code += f"let w{kx} = $1[u32((m * kernel + ky) * {width} + {kx})]; "
        for name, begin in (("s", 0), ("t", 4)):
            taps = ", ".join(f"v{(begin + p) * stride + kx}" for p in range(4))
            code += f"{name} += w{kx} * vec4f({taps}); "
    return code + (
        f"}} var done: array<f32, {PIXELS}>; "
        + "".join(f"done[{p}] = {'st'[p // 4]}.{'xyzw'[p % 4]}; " for p in range(PIXELS))
        + f"for (var p = 0u; p < {PIXELS}u; p++) {{ if (first + i32(p) >= across) {{ break; }} "
        "$out[u32(row * across + first) + p] = VALUE; }"
    )

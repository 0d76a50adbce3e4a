"""Operators that sample or assemble images at displaced windows."""

from math import ceil, prod

import numpy as np

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.families.linear import positions, window
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.value import Value, strides
from kernels.onnx.tolerant.wgsl import MAX_LOOP, literal


def _corners(height: int, width: int, body: str) -> str:
    """Returns WGSL loops over the pixels inside an image around (y, x), with weight w at `at`."""
    return (
        "let y0 = floor(y); let x0 = floor(x); "
        "for (var a = 0; a < 2; a++) { for (var b = 0; b < 2; b++) { "
        "let yy = i32(y0) + a; let xx = i32(x0) + b; "
        f"if (yy < 0 || yy >= {height} || xx < 0 || xx >= {width}) {{ continue; }} "
        "let w = (1.0 - abs(y - f32(yy))) * (1.0 - abs(x - f32(xx))); "
        f"let at = u32(yy * {width} + xx); {body} }} }} "
    )


@operator("DeformConv")
def deformable(node: Node) -> Value:
    """Lowers DeformConv on images: every tap is read at its own offset, between pixels."""
    x, w, offset = node.input(0), node.input(1), node.input(2)
    node.floating(x)
    if x.rank != 4:
        raise node.refuse("it is supported over two axes")
    spatial, kernel = x.shape[2:], w.shape[2:]
    height, width = spatial
    found = window(node, kernel, spatial)
    out = found.lengths(spatial)
    group, groups = int(node.attribute("group", 1)), int(node.attribute("offset_group", 1))
    (batch, channels), (outputs, depth) = x.shape[:2], w.shape[:2]
    taps, size = prod(kernel), prod(out)
    if 5 * depth * taps > MAX_LOOP:
        raise node.refuse(f"sums of {depth * taps} taps exceed {MAX_LOOP // 5}")
    inputs, mask, bias = [x, w, offset], "1.0", "0.0"
    if node.has(3):
        inputs.append(node.input(3))
        bias = f"${len(inputs) - 1}[m]"
    if node.has(4):
        inputs.append(node.input(4))
        mask = f"${len(inputs) - 1}[((n * {groups}u + og) * {taps}u + tap) * {size}u + q]"
    code = (
        f"{positions(out)} let m = i / {size}u % {outputs}u; let n = i / {size * outputs}u; "
        f"let g = m / {outputs // group}u; var r = {bias}; "
        f"for (var c = 0u; c < {depth}u; c++) {{ let channel = g * {depth}u + c; "
        f"let og = channel / {channels // groups}u; "
        f"let plane = (n * {channels}u + channel) * {prod(spatial)}u; "
        f"for (var tap = 0u; tap < {taps}u; tap++) {{ "
        f"let place = ((n * {groups}u + og) * {taps}u + tap) * {2 * size}u + q; "
        f"let y = f32(i32(o0) * {found.strides[0]} - {found.before[0]} "
        f"+ i32(tap / {kernel[1]}u) * {found.dilations[0]}) + $2[place]; "
        f"let x = f32(i32(o1) * {found.strides[1]} - {found.before[1]} "
        f"+ i32(tap % {kernel[1]}u) * {found.dilations[1]}) + $2[place + {size}u]; "
        f"let factor = $1[(m * {depth}u + c) * {taps}u + tap] * {mask}; "
        f"{_corners(height, width, 'r += factor * w * $0[plane + at];')} }} }}"
    )
    return node.emit(inputs, (batch, outputs, *out), x.element, code)


@operator("RoiAlign")
def region_align(node: Node) -> Value:
    """Lowers RoiAlign: each region is divided into bins, sampled between pixels.

    Without a fixed number of samples per bin, the regions must be known before the run.
    """
    x, regions, batches = node.input(0), node.input(1), node.input(2)
    node.floating(x)
    channels, (height, width) = x.shape[1], x.shape[2:]
    tall, wide = int(node.attribute("output_height", 1)), int(node.attribute("output_width", 1))
    ratio, scale = int(node.attribute("sampling_ratio", 0)), node.attribute("spatial_scale", 1.0)
    modern = node.opset >= 16
    half = modern and node.attribute("coordinate_transformation_mode", b"half_pixel") == (
        b"half_pixel"
    )
    least = 0.0 if half else 1.0
    samples = ratio**2
    if ratio < 1:
        boxes = node.known(1).astype(np.float32) * np.float32(scale)
        spans = np.maximum(boxes[:, 2:] - boxes[:, :2], least)
        samples = max((ceil(w / wide) * ceil(h / tall) for w, h in spans), default=0)
    if not 5 * samples <= MAX_LOOP:
        raise node.refuse(f"{samples} samples per bin exceed {MAX_LOOP // 5}")
    averages = node.attribute("mode", b"avg") == b"avg"
    code = (
        f"let ow = f32(i % {wide}u); let oh = f32(i / {wide}u % {tall}u); "
        f"let c = i / {wide * tall}u % {channels}u; let n = i / {wide * tall * channels}u; "
        f"let plane = (u32($2[n]) * {channels}u + c) * {height * width}u; "
    )
    for at, name in enumerate(("left", "top", "right", "bottom")):
        code += f"let {name} = $1[n * 4u + {at}u] * {literal(scale)} - {0.5 if half else 0.0}; "
    for name, first, last, bins in (("h", "top", "bottom", tall), ("w", "left", "right", wide)):
        span = f"{last} - {first}" if half else f"max({last} - {first}, 1.0)"
        grid = str(ratio) if ratio > 0 else f"i32(ceil(s{name} / {bins}.0))"
        code += f"let s{name} = {span}; let b{name} = s{name} / {bins}.0; let g{name} = {grid}; "
    code += (
        "var r = 0.0; for (var iy = 0; iy < gh; iy++) { for (var ix = 0; ix < gw; ix++) { "
        "var y = top + oh * bh + (f32(iy) + 0.5) * bh / f32(gh); "
        "var x = left + ow * bw + (f32(ix) + 0.5) * bw / f32(gw); "
        f"let inside = !(y < -1.0 || y > {height}.0 || x < -1.0 || x > {width}.0); "
        f"y = clamp(y, 0.0, {height - 1}.0); x = clamp(x, 0.0, {width - 1}.0); "
    )
    if averages:
        body = "if (inside) { r += w * $0[plane + at]; }"
        code += f"{_corners(height, width, body)} }} }} r = r / f32(max(gh * gw, 1));"
    else:
        # ONNX takes the largest weighted corner, of which those outside count as zero.
        low = "(-inf())"
        body = "best = max(best, w * $0[plane + at]); near++;"
        code += (
            f"var best = {low}; var near = 0; {_corners(height, width, body)} "
            "if (near < 4) { best = max(best, 0.0); } if (!inside) { best = 0.0; } "
            "r = select(max(r, best), best, iy == 0 && ix == 0); } }"
        )
    shape = (regions.shape[0], channels, tall, wide)
    return node.emit([x, regions, batches], shape, x.element, code)


@operator("Col2Im")
def column_image(node: Node) -> Value:
    """Lowers Col2Im: each pixel is the sum of the columns' elements that lie on it."""
    value, image, kernel = node.input(0), node.ints(1), node.ints(2)
    node.floating(value)
    found = window(node, kernel, image)
    grid = found.lengths(image)
    taps, columns, size = prod(kernel), prod(grid), prod(image)
    if value.shape[1:] != (value.shape[1] // taps * taps, columns):
        raise node.refuse(f"{value.shape} does not hold {taps} taps and {columns} columns")
    channels = value.shape[1] // taps
    if taps > MAX_LOOP:
        raise node.refuse(f"windows of {taps} taps exceed {MAX_LOOP}")
    loops, close, places = "", "", []
    for at, (step, across) in enumerate(zip(strides(tuple(kernel)), strides(grid), strict=True)):
        loops += (
            f"for (var k{at} = 0; k{at} < {kernel[at]}; k{at}++) {{ "
            f"let s{at} = i32(o{at}) + {found.before[at]} - k{at} * {found.dilations[at]}; "
            f"if (s{at} < 0 || s{at} % {found.strides[at]} != 0) {{ continue; }} "
            f"let p{at} = s{at} / {found.strides[at]}; if (p{at} >= {grid[at]}) {{ continue; }} "
        )
        close += " }"
        places.append(f"k{at} * {step * columns} + p{at} * {across}")
    code = (
        f"{positions(image)} let plane = i / {size}u * {taps * columns}u; var r = 0.0; "
        f"{loops} r += $0[plane + u32({' + '.join(places)})];{close}"
    )
    return node.emit([value], (value.shape[0], channels, *image), value.element, code)

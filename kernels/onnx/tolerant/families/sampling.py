"""Operators that read at positions between elements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, prod

import numpy as np

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT, INT32
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.value import Value, on_host, strides
from kernels.onnx.tolerant.wgsl import literal

Taps = list[tuple[list[int], list[float]]]


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of a resize; taps are the (indices, weights) of each output position."""

    length: int
    out: int
    scale: float
    start: float
    end: float

    def source(self, mode: str, at: int) -> float:
        """Returns the input position of an output position, by the modes of the ONNX operator."""
        width = self.scale * self.length
        match mode:
            case "half_pixel":
                return (at + 0.5) / self.scale - 0.5
            case "pytorch_half_pixel":
                return -0.5 if width == 1 else (at + 0.5) / self.scale - 0.5
            case "half_pixel_symmetric":
                shift = self.length / 2 * (1 - self.out / width)
                return shift + (at + 0.5) / self.scale - 0.5
            case "align_corners":
                return 0.0 if width == 1 else at * (self.length - 1) / (width - 1)
            case "tf_crop_and_resize":
                span = (self.end - self.start) * (self.length - 1)
                inside = span / 2 if width == 1 else at * span / (width - 1)
                return inside + self.start * (self.length - 1)
            case _:
                return at / self.scale


def _nearest(mode: str, x: float) -> int:
    match mode:
        case "floor":
            return floor(x)
        case "ceil":
            return ceil(x)
        case "round_prefer_ceil":
            return floor(x + 0.5)
        case _:
            return ceil(x - 0.5)


def _cubic(a: float) -> Callable[[float], float]:
    def weight(x: float) -> float:
        x = abs(x)
        if x <= 1:
            return ((a + 2) * x - (a + 3)) * x * x + 1
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a if x < 2 else 0.0

    return weight


def _taps(node: Node, axis: _Axis, places: Sequence[float]) -> Taps:
    mode = node.attribute("mode", b"nearest").decode()
    if mode == "nearest":
        how = node.attribute("nearest_mode", b"round_prefer_floor").decode()
        if node.opset < 11:
            how = "floor"
        return [([min(max(_nearest(how, x), 0), axis.length - 1)], [1.0]) for x in places]
    if mode == "cubic":
        weight, reach = _cubic(float(node.attribute("cubic_coeff_a", -0.75))), 2
    elif mode in ("linear", "bilinear"):
        weight, reach = (lambda x: max(0.0, 1.0 - abs(x))), 1
    else:
        raise node.refuse(f"the mode {mode} is not supported")
    narrow = min(axis.scale, 1.0) if node.attribute("antialias", 0) else 1.0
    found: Taps = []
    for x in places:
        indices = list(range(ceil(x - reach / narrow), floor(x + reach / narrow) + 1))
        weights = [weight((at - x) * narrow) for at in indices]
        if node.attribute("exclude_outside", 0):
            weights = [
                w if 0 <= at < axis.length else 0.0 for at, w in zip(indices, weights, strict=True)
            ]
        total = sum(weights) or 1.0
        clamped = [min(max(at, 0), axis.length - 1) for at in indices]
        found.append((clamped, [w / total for w in weights]))
    return found


def _resized(node: Node, value: Value, number: int, axis: _Axis) -> Value:
    mode = node.attribute("coordinate_transformation_mode", b"half_pixel").decode()
    if node.operator == "Upsample" or node.opset < 11:
        mode = "asymmetric"
    places = [axis.source(mode, at) for at in range(axis.out)]
    taps = _taps(node, axis, places)
    count = max(len(indices) for indices, _ in taps)
    table = np.zeros((axis.out, count), np.int32)
    weights = np.zeros((axis.out, count), np.float32)
    for at, (indices, own) in enumerate(taps):
        table[at, : len(indices)], weights[at, : len(own)] = indices, own
    shape = (*value.shape[:number], axis.out, *value.shape[number + 1 :])
    inner = prod(shape[number + 1 :])
    given = [value, on_host(table, ELEMENTS[INT32], True)]
    base = (
        f"let inner = i % {inner}u; let at = i / {inner}u % {axis.out}u; "
        f"let outer = i / {inner * axis.out}u * {axis.length * inner}u + inner; "
    )
    if node.attribute("mode", b"nearest") == b"nearest":
        code = base + f"var r = $0[outer + u32($1[at]) * {inner}u];"
    else:
        node.floating(value)
        given.append(on_host(weights, ELEMENTS[FLOAT], True))
        code = base + (
            f"var r = 0.0; for (var k = 0u; k < {count}u; k++) {{ "
            f"r += $2[at * {count}u + k] * $0[outer + u32($1[at * {count}u + k]) * {inner}u]; }}"
        )
    if mode == "tf_crop_and_resize":
        outside = [not 0 <= x <= axis.length - 1 for x in places]
        flags = on_host(np.array(outside, np.int32), ELEMENTS[INT32], True)
        given.append(flags)
        fill = literal(node.attribute("extrapolation_value", 0.0))
        code += f" if (${len(given) - 1}[at] != 0) {{ r = {fill}; }}"
    return node.emit(given, shape, value.element, code, node.bounds(value))


@operator("Resize", "Upsample")
def resize(node: Node) -> Value:
    """Lowers Resize axis by axis, with weights that depend on the lengths alone."""
    value = node.input(0)
    first = 1 if node.operator == "Upsample" or node.opset < 11 else 2
    axes = [at % value.rank for at in node.attribute("axes") or range(value.rank)]
    lengths = [value.shape[at] for at in axes]
    if node.has(first) and node.input(first).size:
        scales = [float(each) for each in node.known(first).reshape(-1)]
        sizes = [floor(length * scale) for length, scale in zip(lengths, scales, strict=True)]
    elif node.attribute("scales"):
        scales = [float(each) for each in node.attribute("scales")]
        sizes = [floor(length * scale) for length, scale in zip(lengths, scales, strict=True)]
    else:
        sizes = node.ints(3)
        scales = [size / length for size, length in zip(sizes, lengths, strict=True)]
        policy = node.attribute("keep_aspect_ratio_policy", b"stretch")
        if policy != b"stretch":
            scale = min(scales) if policy == b"not_larger" else max(scales)
            scales = [scale] * len(axes)
            sizes = [int(scale * length + 0.5) for length in lengths]
    region = [0.0] * len(axes) + [1.0] * len(axes)
    if first == 2 and node.has(1) and node.input(1).size:
        region = [float(each) for each in node.known(1).reshape(-1)]
    for at, number in enumerate(axes):
        axis = _Axis(lengths[at], sizes[at], scales[at], region[at], region[len(axes) + at])
        same = axis.out == axis.length and abs(axis.scale - 1) < 1e-9
        if not same or (axis.start, axis.end) != (0.0, 1.0):
            value = _resized(node, value, number, axis)
    return value


@operator("GridSample")
def grid_sample(node: Node) -> Value:
    """Lowers GridSample: samples at a grid's normalised positions, over any number of axes."""
    value, grid = node.input(0), node.input(1)
    node.floating(value)
    spatial, out = value.shape[2:], grid.shape[1:-1]
    rank, aligned = len(spatial), bool(node.attribute("align_corners", 0))
    mode = node.attribute("mode", b"linear").decode().removeprefix("bi")
    padding = node.attribute("padding_mode", b"zeros").decode()
    taps = {"nearest": 1, "linear": 2, "cubic": 4}[mode]
    code = f"let q = i % {prod(out)}u; let plane = i / {prod(out)}u * {prod(spatial)}u; "
    code += f"let n = i / {prod(out) * value.shape[1]}u; "
    for at, length in enumerate(spatial):
        low = 0.0 if aligned else -0.5
        place = f"$1[(n * {prod(out)}u + q) * {rank}u + {rank - 1 - at}u]"
        denormal = (
            f"({place} + 1.0) / 2.0 * {length - 1}.0"
            if aligned
            else f"(({place} + 1.0) * {length}.0 - 1.0) / 2.0"
        )
        code += f"var x{at} = {denormal}; "
        if mode == "nearest":
            code += f"x{at} = round(x{at}); "
        if padding == "border":
            # Positions up to half a pixel outside keep their place, which cubic weights tell.
            code += f"if (x{at} < {low} || x{at} > {length - 1 - low}) "
            code += f"{{ x{at} = clamp(x{at}, 0.0, {length - 1}.0); }} "
        elif padding == "reflection":
            code += f"x{at} = reflect_into(x{at}, {low}, {length - 1 - low}); "
        lowest = {"nearest": "0.0", "linear": "0.0", "cubic": "1.0"}[mode]
        code += f"let f{at} = floor(x{at}); let t{at} = x{at} - f{at}; "
        code += f"let s{at} = i32(f{at} - {lowest}); "
    code += "var r = 0.0; "
    steps = strides(spatial)
    for at, length in enumerate(spatial):
        low = 0.0 if aligned else -0.5
        weight = {"nearest": "1.0", "linear": f"abs(1.0 - f32(k{at}) - t{at})",
                  "cubic": f"keys(t{at} + 1.0 - f32(k{at}))"}[mode]  # fmt: skip
        code += f"for (var k{at} = 0; k{at} < {taps}; k{at}++) {{ var p{at} = s{at} + k{at}; "
        code += f"let w{at} = {weight}; "
        if padding == "zeros":
            code += f"if (p{at} < 0 || p{at} >= {length}) {{ continue; }} "
        elif padding == "border":
            code += f"p{at} = clamp(p{at}, 0, {length - 1}); "
        else:
            code += (
                f"p{at} = clamp(i32(reflect_into(f32(p{at}), {low}, {length - 1 - low})), "
                f"0, {length - 1}); "
            )
    place = " + ".join(f"p{at} * {step}" for at, step in enumerate(steps))
    weights = " * ".join(f"w{at}" for at in range(rank))
    code += f"r += {weights} * $0[plane + u32({place})];" + " }" * rank
    return node.emit([value, grid], (*value.shape[:2], *out), value.element, code)

"""Operators that move elements without changing them."""

from collections.abc import Sequence
from math import prod

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.families.creation import constant
from kernels.onnx.tolerant.node import Node, broadcast_shape, reshaped
from kernels.onnx.tolerant.value import Shape, Value, strides
from kernels.onnx.tolerant.wgsl import axis_index, broadcast, strided


def view(
    node: Node, value: Value, shape: Sequence[int], steps: Sequence[int], offset: int = 0
) -> Value:
    """Returns the elements at offset + Σ position · step."""
    code = f"let r = $0[{strided('i', tuple(shape), steps, offset)}];"
    return node.emit([value], shape, value.element, code, node.bounds(value))


def transposed(node: Node, value: Value, order: Sequence[int]) -> Value:
    """Returns the value with its axes in another order."""
    steps = strides(value.shape)
    return view(node, value, [value.shape[k] for k in order], [steps[k] for k in order])


@operator("Transpose")
def transpose(node: Node) -> Value:
    """Lowers Transpose: axes reversed, or in the order of perm."""
    value = node.input(0)
    return transposed(node, value, node.attribute("perm", list(range(value.rank))[::-1]))


@operator("Reshape")
def reshape(node: Node) -> Value:
    """Lowers Reshape: 0 keeps an axis unless allowzero, and -1 takes the remaining elements."""
    value = node.input(0)
    wanted = node.ints(1) if node.has(1) else list(node.attribute("shape"))
    if not node.attribute("allowzero", 0):
        wanted = [value.shape[at] if axis == 0 else axis for at, axis in enumerate(wanted)]
    if -1 in wanted:
        rest = prod(axis for axis in wanted if axis != -1)
        wanted[wanted.index(-1)] = value.size // rest if rest else 0
    if prod(wanted) != value.size:
        raise node.refuse(f"{value.shape} and {wanted} differ in number of elements")
    return reshaped(value, wanted)


@operator("Squeeze")
def squeeze(node: Node) -> Value:
    """Lowers Squeeze: removes axes of length one."""
    value = node.input(0)
    axes = node.axes(1, value.rank)
    kept = [
        length
        for at, length in enumerate(value.shape)
        if (length != 1 if axes is None else at not in axes)
    ]
    return reshaped(value, kept)


@operator("Unsqueeze")
def unsqueeze(node: Node) -> Value:
    """Lowers Unsqueeze: inserts axes of length one."""
    value = node.input(0)
    count = len(node.attribute("axes") or node.ints(1))
    axes = node.axes(1, value.rank + count) or []
    rest = iter(value.shape)
    return reshaped(value, [1 if at in axes else next(rest) for at in range(value.rank + count)])


@operator("Flatten")
def flatten(node: Node) -> Value:
    """Lowers Flatten: two axes."""
    value = node.input(0)
    axis = node.axis(1, value.rank)
    return reshaped(value, (prod(value.shape[:axis]), prod(value.shape[axis:])))


@operator("Expand")
def expand(node: Node) -> Value:
    """Lowers Expand: broadcasts to a shape."""
    value = node.input(0)
    shape = broadcast_shape(value.shape, tuple(node.ints(1)))
    code = f"let r = $0[{broadcast('i', shape, value.shape)}];"
    return node.emit([value], shape, value.element, code, node.bounds(value))


@operator("Tile")
def tile(node: Node) -> Value:
    """Lowers Tile: repeats along axes."""
    value, repeats = node.input(0), node.ints(1)
    shape = tuple(length * count for length, count in zip(value.shape, repeats, strict=True))
    steps = strides(value.shape)
    terms = [
        f"({axis_index('i', shape, at)} % {max(length, 1)}u) * {steps[at]}u"
        for at, length in enumerate(value.shape)
    ]
    code = f"let r = $0[{' + '.join(terms) or '0u'}];"
    return node.emit([value], shape, value.element, code, node.bounds(value))


def concatenated(node: Node, values: Sequence[Value], axis: int) -> Value:
    """Returns the values joined along an axis, two at a time, as a tree."""
    parts = list(values)
    while len(parts) > 1:
        joined = [_joined(node, a, b, axis) for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = joined + parts[len(joined) * 2 :]
    return parts[0]


def _joined(node: Node, a: Value, b: Value, axis: int) -> Value:
    first, second = a.shape[axis], b.shape[axis]
    shape = (*a.shape[:axis], first + second, *a.shape[axis + 1 :])
    inner = prod(shape[axis + 1 :])
    code = (
        f"let row = i / {(first + second) * inner}u; let at = i % {(first + second) * inner}u; "
        f"let second = at >= {first * inner}u; "
        f"let j = row * {first * inner}u + at; "
        f"let k = row * {second * inner}u + at - {first * inner}u; "
        "var r = $0[select(j, 0u, second)]; if (second) { r = $1[k]; }"
    )
    return node.emit([a, b], shape, a.element, code, node.union(a, b))


@operator("Concat")
def concat(node: Node) -> Value:
    """Lowers Concat: joins values along an axis."""
    values = [node.input(at) for at in range(len(node.inputs))]
    axis = node.axis(0, values[0].rank)
    return concatenated(node, [v for v in values if v.size] or values[:1], axis)


def sliced(node: Node, value: Value, axis: int, start: int, length: int) -> Value:
    """Returns a contiguous run along one axis."""
    shape = (*value.shape[:axis], length, *value.shape[axis + 1 :])
    steps = strides(value.shape)
    return view(node, value, shape, steps, start * steps[axis])


@operator("Split")
def split(node: Node) -> list[Value]:
    """Lowers Split: parts along an axis; the last one is shorter where they are not even."""
    value = node.input(0)
    axis = node.axis(0, value.rank)
    length = value.shape[axis]
    if node.has(1) or node.attribute("split"):
        sizes = node.ints(1) if node.has(1) else list(node.attribute("split"))
    else:
        count = int(node.attribute("num_outputs", len(node.outputs)))
        each = -(-length // count)
        sizes = [max(0, min(each, length - at * each)) for at in range(count)]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    return [
        sliced(node, value, axis, start, size) for start, size in zip(starts, sizes, strict=True)
    ]


@operator("Slice")
def slice_(node: Node) -> Value:
    """Lowers Slice: NumPy's slices with ONNX's clamping."""
    value = node.input(0)
    if node.has(1):
        starts, ends = node.ints(1), node.ints(2)
        axes = node.ints(3) if node.has(3) else list(range(len(starts)))
        steps = node.ints(4) if node.has(4) else [1] * len(starts)
    else:
        starts, ends = list(node.attribute("starts")), list(node.attribute("ends"))
        axes = list(node.attribute("axes", range(len(starts))))
        steps = [1] * len(starts)
    shape, own = list(value.shape), strides(value.shape)
    taken, offset = list(own), 0
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        at = axis % value.rank
        first, last, stride = slice(
            start, end if not (step < 0 and end < -value.shape[at]) else None, step
        ).indices(value.shape[at])
        shape[at] = len(range(first, last, stride))
        offset += first * own[at]
        taken[at] = stride * own[at]
    return view(node, value, shape, taken, offset)


@operator("Pad")
def pad(node: Node) -> Value:
    """Lowers Pad: constant, reflected, repeated or wrapped borders; negative pads cut."""
    value = node.input(0)
    pads = node.ints(1) if node.has(1) else list(node.attribute("pads"))
    axes = node.axes(3, value.rank) or list(range(value.rank))
    before, after = [0] * value.rank, [0] * value.rank
    for at, axis in enumerate(axes):
        before[axis], after[axis] = pads[at], pads[len(axes) + at]
    mode = node.attribute("mode", b"constant").decode()
    shape = tuple(
        low + length + high for low, length, high in zip(before, value.shape, after, strict=True)
    )
    inputs, fill = [value], constant(value.element, node.attribute("value", 0.0))
    if node.has(2):
        inputs.append(node.input(2))
        fill = "$1[0]"
    return padded(node, inputs, shape, before, mode, fill)


def padded(  # noqa: PLR0917
    node: Node, inputs: Sequence[Value], shape: Shape, before: Sequence[int], mode: str, fill: str
) -> Value:
    """Returns the first input shifted into a larger tensor, with borders as `mode` says."""
    value = inputs[0]
    steps = strides(value.shape)
    code, offsets, tests = "", [], []
    for axis, length in enumerate(value.shape):
        position = f"i32({axis_index('i', shape, axis)}) - {before[axis]}"
        code += f"var p{axis} = {position}; "
        match mode:
            case "constant":
                tests.append(f"p{axis} >= 0 && p{axis} < {length}")
            case "edge":
                code += f"p{axis} = clamp(p{axis}, 0, {length - 1}); "
            case "wrap":
                code += f"p{axis} = (p{axis} % {length} + {length}) % {length}; "
            case "reflect":
                code += reflected(f"p{axis}", 2 * (length - 1), length)
            case other:
                raise node.refuse(f"the mode {other} is not supported")
        offsets.append(f"p{axis} * {steps[axis]}")
    place = f"u32({' + '.join(offsets) or '0'})"
    if tests:
        inside = " && ".join(tests)
        code += f"var r = {fill}; if ({inside}) {{ r = $0[{place}]; }}"
    else:
        code += f"let r = $0[{place}];"
    bounds = node.union(*inputs)
    if bounds is not None and len(inputs) == 1:
        bounds = min(bounds[0], 0), max(bounds[1], 0)
    return node.emit(inputs, shape, value.element, code, bounds)


def reflected(name: str, period: int, length: int) -> str:
    """Returns WGSL that mirrors an index at the first and the last element."""
    if period <= 0:
        return f"{name} = 0; "
    return (
        f"{name} = ({name} % {period} + {period}) % {period}; "
        f"{name} = select({name}, {period} - {name}, {name} >= {length}); "
    )


@operator("DepthToSpace", "SpaceToDepth")
def depth_space(node: Node) -> Value:
    """Lowers DepthToSpace and SpaceToDepth: blocks of channels to pixels and back."""
    value, block = node.input(0), int(node.attribute("blocksize"))
    n, c, h, w = value.shape
    deep = node.attribute("mode", b"DCR") == b"DCR"
    if node.operator == "SpaceToDepth":
        parts = reshaped(value, (n, c, h // block, block, w // block, block))
        moved = transposed(node, parts, (0, 3, 5, 1, 2, 4) if deep else (0, 1, 3, 5, 2, 4))
        return reshaped(moved, (n, c * block * block, h // block, w // block))
    if deep:
        parts = reshaped(value, (n, block, block, c // block**2, h, w))
        moved = transposed(node, parts, (0, 3, 4, 1, 5, 2))
    else:
        parts = reshaped(value, (n, c // block**2, block, block, h, w))
        moved = transposed(node, parts, (0, 1, 4, 2, 5, 3))
    return reshaped(moved, (n, c // block**2, h * block, w * block))


@operator("Trilu")
def trilu(node: Node) -> Value:
    """Lowers Trilu: the upper or lower triangle, with zeros elsewhere."""
    value = node.input(0)
    k = node.ints(1)[0] if node.has(1) else 0
    row = axis_index("i", value.shape, value.rank - 2)
    column = axis_index("i", value.shape, value.rank - 1)
    sign = ">=" if node.attribute("upper", 1) else "<="
    test = f"i32({column}) - i32({row}) {sign} {k}"
    code = f"let r = select({constant(value.element, 0)}, $0[i], {test});"
    bounds = node.bounds(value)
    if bounds is not None:
        bounds = min(bounds[0], 0), max(bounds[1], 0)
    return node.emit([value], value.shape, value.element, code, bounds)


@operator("CenterCropPad")
def center_crop_pad(node: Node) -> Value:
    """Lowers CenterCropPad: cuts or pads to a shape, evenly on both sides."""
    value = node.input(0)
    axes = node.axes(9, value.rank) or list(range(value.rank))
    shape, before = list(value.shape), [0] * value.rank
    for axis, wanted in zip(axes, node.ints(1), strict=True):
        have = value.shape[axis]
        before[axis] = (wanted - have) // 2 if wanted > have else -((have - wanted) // 2)
        shape[axis] = wanted
    return padded(node, [value], tuple(shape), before, "constant", constant(value.element, 0))

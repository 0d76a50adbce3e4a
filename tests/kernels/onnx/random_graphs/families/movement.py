"""Operators that move, repeat or select elements."""

import numpy as np
from hypothesis import strategies as st

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_graphs.sketch import MAX_ELEMENTS, Sketch, Tensor


@operator("Transpose")
def transpose(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends any order of axes; the default is the reverse one."""
    order = list(sketch.draw(st.permutations(range(x.rank))))
    if order == list(range(x.rank))[::-1]:
        return sketch.node(kind, [x], x.shape[::-1])
    return sketch.node(kind, [x], tuple(x.shape[at] for at in order), perm=order)


@operator("Reshape")
def reshape(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a shape with one axis less or more, written with -1 or 0."""
    if x.rank > 1 and sketch.chance():
        at = sketch.integer(0, x.rank - 2)
        shape = (*x.shape[:at], x.shape[at] * x.shape[at + 1], *x.shape[at + 2 :])
    else:
        shape = (*x.shape[:-1], 1, x.shape[-1])
    written = list(shape)
    written[sketch.integer(0, len(shape) - 1)] = -1
    if shape[0] == x.shape[0] and written[0] != -1 and sketch.chance():
        written[0] = 0
    return sketch.node(kind, [x, sketch.constant(written, np.int64)], shape)


@operator("Flatten")
def flatten(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends Flatten at any axis."""
    written, at = sketch.axis(x)
    shape = (int(np.prod(x.shape[:at])), int(np.prod(x.shape[at:])))
    return sketch.node(kind, [x], shape, axis=written)


@operator("Slice")
def take_slice(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a slice of one axis, backwards too."""
    written, at = sketch.axis(x)
    size = x.shape[at]
    step = sketch.choice((1, 2, -1, -2))
    start = sketch.integer(0, size - 1)
    end = sketch.choice((size, -(2**31))) if step > 0 else -(2**31)
    end = 2**31 if step > 0 and end < 0 else end
    count = len(range(size)[start : (None if step < 0 else end) : step])
    shape = (*x.shape[:at], count, *x.shape[at + 1 :])
    numbers = [sketch.constant([each], np.int64) for each in (start, end, written, step)]
    return sketch.node(kind, [x, *numbers], shape)


@operator("Split")
def split(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a split into two unequal pieces, and returns the second."""
    written, at = sketch.axis(x)
    size = x.shape[at]
    if size < 2:
        return transpose(sketch, x, "Transpose")
    first = sketch.integer(1, size - 1)
    shapes = [(*x.shape[:at], each, *x.shape[at + 1 :]) for each in (first, size - first)]
    if sketch.opset < 13:
        made = sketch.outputs(kind, [x], shapes, axis=written, split=[first, size - first])
    else:
        sizes = sketch.constant([first, size - first], np.int64)
        made = sketch.outputs(kind, [x, sizes], shapes, axis=written)
    return made[1]


@operator("Concat")
def concat(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a concatenation with tensors of the same shape, constants among them."""
    written, at = sketch.axis(x)
    same = [each for each in sketch.tensors if each.kind == "float" and each.shape == x.shape]
    parts: list[Tensor | str] = [x, sketch.choice(same)]
    if sketch.chance():
        parts.append(sketch.constant(sketch.numbers(x.shape)))
    if np.prod(x.shape) * len(parts) > MAX_ELEMENTS:
        return x
    shape = (*x.shape[:at], x.shape[at] * len(parts), *x.shape[at + 1 :])
    return sketch.node(kind, parts, shape, axis=written)


@operator("Gather")
def gather(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends constant positions of an axis: a scalar or a list, negative ones too."""
    written, at = sketch.axis(x)
    size = x.shape[at]
    if sketch.chance() and x.rank > 1:
        shape = x.shape[:at] + x.shape[at + 1 :]
        return sketch.node(kind, [x, sketch.constant(-1, np.int64)], shape, axis=written)
    positions = [sketch.integer(-size, size - 1) for _ in range(sketch.integer(1, 3))]
    shape = (*x.shape[:at], len(positions), *x.shape[at + 1 :])
    return sketch.node(kind, [x, sketch.constant(positions, np.int64)], shape, axis=written)


@operator("Expand", "Tile")
def repeat(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a broadcast of a new axis, or a repetition of any axis."""
    times = sketch.integer(1, 3)
    if np.prod(x.shape) * times > MAX_ELEMENTS:
        return x
    if kind == "Expand":
        shape = (times, *x.shape)
        return sketch.node(kind, [x, sketch.constant(shape, np.int64)], shape)
    at = sketch.integer(0, x.rank - 1)
    repeats = [times if each == at else 1 for each in range(x.rank)]
    shape = tuple(size * each for size, each in zip(x.shape, repeats, strict=True))
    return sketch.node(kind, [x, sketch.constant(repeats, np.int64)], shape)


@operator("Pad")
def pad(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends Pad in a mode that the shape allows."""
    mode = sketch.choice(("constant", "edge", "reflect"))
    most = [size - 1 if mode == "reflect" else 2 for size in x.shape]
    before = [sketch.integer(0, min(each, 2)) for each in most]
    after = [sketch.integer(0, min(each, 2)) for each in most]
    shape = tuple(map(sum, zip(x.shape, before, after, strict=True)))
    if np.prod(shape) > MAX_ELEMENTS:
        return x
    inputs: list[Tensor | str] = [x, sketch.constant([*before, *after], np.int64)]
    if mode == "constant" and sketch.chance():
        inputs.append(sketch.constant(0.75))
    return sketch.node(kind, inputs, shape, mode=mode)

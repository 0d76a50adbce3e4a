"""Operators that move or select elements."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kernels.graph import Value
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.gathering import selected
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, Node, Real, Weights
from kernels.onnx.exact.tensor import Tensor, stored_shape
from kernels.onnx.registration import operator
from kernels.trace import DType
from kernels.trace.layout import Array


@operator("Dropout", "Identity")
def identity(lowering: Lowering, node: Node) -> None:
    """Lowers Identity, Cast between floats, and Dropout in inference."""
    lowering.put(node, lowering.tensor(node))


@operator("Transpose")
def transpose(lowering: Lowering, node: Node) -> None:
    """Changes the order of axes; no element moves before an operator needs it."""
    x = lowering.tensor(node)
    order = node.attributes.get("perm") or range(x.layout.ndim)[::-1]
    lowering.put(node, x.viewed(x.layout.transpose(tuple(order))))


@operator("Reshape")
def reshape(lowering: Lowering, node: Node) -> None:
    """Changes the shape; 0 keeps an axis and -1 takes the remaining elements."""
    x = lowering.tensor(node)
    sizes = lowering.integers(node, 1)
    if not node.attributes.get("allowzero", 0):
        sizes = [x.shape[at] if size == 0 else size for at, size in enumerate(sizes)]
    _reshaped(lowering, node, x, tuple(sizes))


@operator("Flatten")
def flatten(lowering: Lowering, node: Node) -> None:
    """Flattens to two axes."""
    x = lowering.tensor(node)
    axis = int(node.attributes.get("axis", 1))
    axis += x.layout.ndim if axis < 0 else 0
    _reshaped(lowering, node, x, (int(np.prod(x.shape[:axis])), -1))


@operator("Squeeze")
def squeeze(lowering: Lowering, node: Node) -> None:
    """Removes axes of one element."""
    x = lowering.tensor(node)
    axes = _axes(lowering, node)
    if axes is None:
        axes = [axis for axis, size in enumerate(x.shape) if size == 1]
    lowering.put(node, x.viewed(x.layout.squeeze(tuple(axis % x.layout.ndim for axis in axes))))


@operator("Unsqueeze")
def unsqueeze(lowering: Lowering, node: Node) -> None:
    """Inserts axes of one element."""
    x = lowering.tensor(node)
    axes = _axes(lowering, node)
    assert axes is not None
    lowering.put(node, x.viewed(np.expand_dims(x.layout, tuple(axes))))


@operator("Expand")
def expand(lowering: Lowering, node: Node) -> None:
    """Broadcasts to a shape."""
    x = lowering.tensor(node)
    shape = np.broadcast_shapes(x.shape, tuple(lowering.integers(node, 1)))
    lowering.put(node, x.viewed(np.broadcast_to(x.layout, shape)))


@operator("Slice")
def take_slice(lowering: Lowering, node: Node) -> None:
    """Lowers Slice; steps backwards read constant positions."""
    x = lowering.tensor(node)
    if lowering.has(node, 1):
        starts, ends = lowering.integers(node, 1), lowering.integers(node, 2)
    else:
        starts, ends = list(node.attributes["starts"]), list(node.attributes["ends"])
    axes = list(range(len(starts)))
    if lowering.has(node, 3):
        axes = lowering.integers(node, 3)
    elif "axes" in node.attributes:
        axes = list(node.attributes["axes"])
    steps = lowering.integers(node, 4) if lowering.has(node, 4) else [1] * len(starts)
    positions = {}
    chosen = [slice(None)] * x.layout.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step < 0:
            taken = slice(start, end, step).indices(x.shape[axis])
            positions[axis % x.layout.ndim] = np.arange(*taken)
        else:
            chosen[axis] = slice(start, end, step)
    x = lowering.copied(node) if positions else x
    view = x.viewed(x.layout[tuple(chosen)])
    if not view.layout.size or any(not len(at) for at in positions.values()):
        raise LoweringError(node.label, "selects nothing; leave it out of the exported graph")
    lowering.put(node, selected(lowering.emit, view, positions))


@operator("Split")
def split(lowering: Lowering, node: Node) -> None:
    """Splits a tensor into pieces along an axis."""
    x = lowering.tensor(node)
    axis = int(node.attributes.get("axis", 0))
    sizes = node.attributes.get("split")
    if sizes is None and lowering.has(node, 1):
        sizes = lowering.integers(node, 1)
    if sizes is None:
        each = -(-x.shape[axis] // len(node.outputs))
        sizes = [each] * (len(node.outputs) - 1)
    edges = np.cumsum(sizes)[: len(node.outputs) - 1]
    for output, piece in enumerate(np.split(x.layout, edges, axis)):
        lowering.put(node, x.viewed(piece), output)


@operator("Gather")
def gather(lowering: Lowering, node: Node) -> None:
    """Lowers Gather: rows of a constant table, or constant positions of a tensor."""
    axis = int(node.attributes.get("axis", 0))
    if lowering.computed(node.inputs[0]):
        _chosen(lowering, node, axis)
        return
    found = lowering.constant(node, 0)
    indices = lowering.tensor(node, 1)
    table = found.values if isinstance(found, Weights) else np.asarray(found)
    if axis or table.ndim != 2 or indices.dtype is not DType.INT32:
        raise LoweringError(node.label, "a table has two axes and integer row indices")
    if isinstance(found, Weights) and np.abs(table).max() <= HIGH:
        codes, scale = table, found.scale
    else:
        real = found.real if isinstance(found, Weights) else np.asarray(found, np.float64)
        largest = np.abs(real).max(axis=0)
        scale = np.where(largest > 0, largest / HIGH, 1.0)
        codes = np.rint(real / scale)
    if scale.ndim and len(scale) != table.shape[1]:
        raise LoweringError(node.label, "a table needs one scale, or one per column")
    rows = lowering.emit.stored(indices, (*stored_shape(indices.shape)[1:], 1))
    value = lowering.emit.build.gather(rows, codes.astype(np.int8))
    shape = (*indices.shape, table.shape[1])
    lowering.put(node, Tensor.dense(value, shape, scale))


@operator("Concat")
def concat(lowering: Lowering, node: Node) -> None:
    """Concatenates at one scale, in the stored order of the first computed tensor.

    Constants come after computed tensors; a gather restores the order where that is another.
    """
    places = sorted(range(len(node.inputs)), key=lambda at: not lowering.computed(node.inputs[at]))
    count = sum(map(lowering.computed, node.inputs))
    alike = _alike(lowering, node, places[:count])
    first = alike[0]
    axis = int(node.attributes["axis"]) % first.layout.ndim
    if first.layout.ndim > 4:
        raise LoweringError(node.label, f"{first.layout.ndim} axes; at most four")
    order = first.order if first.covers else tuple(range(first.layout.ndim))
    turned = [each.viewed(each.layout.transpose(order)) for each in alike]
    values = [lowering.emit.stored(each, each.shape) for each in turned]
    constants = [_codes(node, first, lowering.real(node, at)) for at in places[count:]]
    arrays = [np.ascontiguousarray(each.transpose(order)) for each in constants]
    total = values[0]
    others: list[Value | Array] = [*values[1:], *arrays]
    for other in others:
        total = lowering.emit.build.concat(total, other, order.index(axis) + 4 - len(order))
    lengths = [each.shape[axis] for each in alike] + [each.shape[axis] for each in constants]
    sizes = [first.shape[at] for at in order]
    sizes[order.index(axis)] = sum(lengths)
    result = Tensor.dense(total, tuple(sizes), first.scale, first.zero_point)
    result = result.viewed(result.layout.transpose(tuple(np.argsort(order))))
    starts = np.cumsum([0, *lengths])
    parts = [np.arange(starts[at], starts[at + 1]) for at in np.argsort(places)]
    lowering.put(node, selected(lowering.emit, result, {axis: np.concatenate(parts)}))


def _codes(node: Node, like: Tensor, real: Real) -> Array:
    """Returns a constant in the stored form of a tensor; raises LoweringError beyond its range."""
    unit = float(like.scale)
    if like.dtype is DType.INT8:
        codes = np.asarray(like.quantisation.of(real), np.int64)
    else:
        codes = np.rint(real / unit).clip(DType.INT32.low, DType.INT32.high).astype(np.int64)
    if np.any(np.abs((codes - like.zero_point) * unit - real) > unit):
        raise LoweringError(
            node.label, "a constant is beyond the range of the other operands; quantise the result"
        )
    return codes.astype(like.dtype.numpy)


def _alike(lowering: Lowering, node: Node, places: Sequence[int]) -> list[Tensor]:
    """Returns the operands at these places in one form."""
    target = lowering.wanted(node.outputs[0])
    tensors = [lowering.tensor(node, place) for place in places]
    if target is None and all(each.dtype is DType.INT32 for each in tensors):
        scale = max(float(np.max(each.scale)) for each in tensors)
        return [lowering.emit.int32(each, scale) for each in tensors]
    narrow = [lowering.int8(node, place) for place in places]
    coarsest = max(narrow, key=lambda each: float(each.scale)).quantisation
    return [lowering.emit.int8(each, target or coarsest) for each in narrow]


def _chosen(lowering: Lowering, node: Node, axis: int) -> None:
    x = lowering.tensor(node)
    indices = np.asarray(lowering.real(node, 1)).astype(np.int64)
    axis %= x.layout.ndim
    size = x.shape[axis]
    if np.any((indices < -size) | (indices >= size)):
        raise LoweringError(node.label, f"a position outside of an axis of {size}")
    flat = indices.reshape(-1) % size
    found = selected(lowering.emit, x, {axis: flat})
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    lowering.put(node, found.viewed(found.layout.reshape(shape, copy=False)))


def _reshaped(lowering: Lowering, node: Node, x: Tensor, sizes: tuple[int, ...]) -> None:
    if -1 in sizes:
        known = int(np.prod([size for size in sizes if size != -1]))
        sizes = tuple(x.layout.size // known if size == -1 else size for size in sizes)
    try:
        lowering.put(node, x.viewed_as(sizes))
    except ValueError:
        whole = lowering.emit.arranged(x, stored_shape(x.shape))
        lowering.put(node, replace(whole, layout=whole.layout.reshape(sizes)))


def _axes(lowering: Lowering, node: Node) -> list[int] | None:
    if lowering.has(node, 1):
        return lowering.integers(node, 1)
    found = node.attributes.get("axes")
    return None if found is None else list(found)

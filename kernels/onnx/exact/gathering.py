"""Tensors read at constant positions, in any order and with padding, by Gather."""

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from kernels.onnx.exact.emitter import Emitter
from kernels.onnx.exact.tensor import Tensor
from kernels.trace.layout import Array

Positions = Mapping[int, Array]

BLANK = -1


def selected(emit: Emitter, x: Tensor, positions: Positions, blank: int = 0) -> Tensor:
    """Returns x with axes read at constant positions; at position BLANK it holds the code `blank`.

    Positions that are equally spaced and ascend are a view; any others take one gather of rows.
    """
    left = {}
    for axis, at in positions.items():
        view = _view(x, axis, at)
        if view is None:
            left[axis] = at
        else:
            x = view
    return _gathered(emit, x, left, blank) if left else x


def padded(emit: Emitter, x: Tensor, pads: Sequence[tuple[int, int]], code: int) -> Tensor:
    """Returns x with `pads[axis]` elements of a code before and after each axis."""
    sides = [axis for axis, (_, after) in enumerate(pads) if after]
    if len(sides) == 1 and not any(before for before, _ in pads) and x.covers:
        return _extended(emit, x, sides[0], pads[sides[0]][1], code)
    positions = {
        axis: np.pad(np.arange(size), pair, constant_values=BLANK)
        for axis, (size, pair) in enumerate(zip(x.shape, pads, strict=True))
        if any(pair)
    }
    return selected(emit, x, positions, code)


def _view(x: Tensor, axis: int, at: Array) -> Tensor | None:
    steps = np.unique(np.diff(at))
    if len(steps) > 1 or at.min() < 0 or (len(steps) and steps[0] < 0):
        return None
    step = int(steps[0]) if len(steps) else 1
    chosen = [slice(None)] * x.layout.ndim
    chosen[axis] = slice(int(at[0]), int(at[-1]) + 1, step or 1)
    layout = x.layout[tuple(chosen)]
    if step == 0:
        layout = np.broadcast_to(layout, (*x.shape[:axis], len(at), *x.shape[axis + 1 :]))
    return x.viewed(layout)


def _gathered(emit: Emitter, x: Tensor, positions: Positions, blank: int) -> Tensor:
    if x.per_channel:
        x = emit.int32(x)
    order = list(x.order)
    kept = [axis for axis in order if axis not in positions and x.shape[axis] > 1]
    if kept and order[-1] in positions:
        # A row of the table should be as long as possible.
        order.remove(kept[-1])
        order.append(kept[-1])
    tail = max(order.index(axis) for axis in positions) + 1
    rows, inner = order[:tail], order[tail:]
    count, width = (prod(x.shape[axis] for axis in axes) for axes in (rows, inner))
    table = emit.stored(x.viewed(x.layout.transpose(order)), (count, width))
    index, absent = np.zeros((), np.int64), np.zeros((), bool)
    for axis in rows:
        at = positions.get(axis, np.arange(x.shape[axis]))
        index = index[..., np.newaxis] * x.shape[axis] + at
        absent = absent[..., np.newaxis] | (at == BLANK)
    if absent.any():
        row = np.full((1, 1, 1, width), blank, x.dtype.numpy)
        table = emit.build.concat(table, row, 2)
        index = np.where(absent, count, index)
    value = emit.build.gather(emit.indices(x.value, index.reshape(-1)), table)
    sizes = (*index.shape, *(x.shape[axis] for axis in inner))
    found = Tensor.dense(value, sizes, x.scale, x.zero_point)
    return found.viewed(found.layout.transpose(tuple(np.argsort(order))))


def _extended(emit: Emitter, x: Tensor, axis: int, count: int, code: int) -> Tensor:
    """Returns x followed by a constant block, which needs no indices."""
    if x.per_channel:
        x = emit.int32(x)
    order = x.order
    place = order.index(axis)
    outer, inner = (
        prod(x.shape[at] for at in axes) for axes in (order[:place], order[place + 1 :])
    )
    value = emit.stored(x.viewed(x.layout.transpose(order)), (outer, x.shape[axis], inner))
    block = np.full((1, outer, count, inner), code, x.dtype.numpy)
    sizes = [x.shape[at] + count * (at == axis) for at in order]
    found = Tensor.dense(emit.build.concat(value, block, 2), tuple(sizes), x.scale, x.zero_point)
    return found.viewed(found.layout.transpose(tuple(np.argsort(order))))

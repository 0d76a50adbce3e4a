"""Operators whose output's shape depends on values, which must be known before the run."""

from math import prod

import numpy as np
from onnx import helper

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT, INT64, Array
from kernels.onnx.tolerant.host import MAX_ELEMENTS, evaluate
from kernels.onnx.tolerant.node import Node, element_of
from kernels.onnx.tolerant.value import Value, on_host


def _known(node: Node, index: int) -> Array:
    value = node.input(index)
    if value.size > MAX_ELEMENTS:
        raise node.refuse(f"input {index} has {value.size} elements, above {MAX_ELEMENTS}")
    return node.known(index)


def _static(node: Node) -> bool:
    return all(value.static for value in node.inputs if value is not None)


@operator("NonZero")
def non_zero(node: Node) -> Value:
    """Lowers NonZero: the positions of all elements that are not zero, one row per axis."""
    found = np.stack(np.nonzero(np.atleast_1d(_known(node, 0))))
    return on_host(found.astype(np.int64), ELEMENTS[INT64], _static(node))


@operator("Unique")
def unique(node: Node) -> list[Value]:
    """Lowers Unique: each different element or slice once, sorted or as it first occurs."""
    array, axis = _known(node, 0), node.attribute("axis")
    found, first, place, counts = np.unique(array, True, True, True, axis=axis)
    place = place.reshape(-1)
    if not node.attribute("sorted", 1):
        order = np.argsort(first)
        found = np.take(found, order, axis=0 if axis is None else axis)
        first, counts, place = first[order], counts[order], np.argsort(order)[place]
    static = _static(node)
    values = [on_host(found, node.input(0).element, static)]
    for each in (first, place, counts):
        values.append(on_host(each.astype(np.int64), ELEMENTS[INT64], static))
    return values[: len(node.outputs)]


@operator("MelWeightMatrix")
def mel_weights(node: Node) -> Value:
    """Lowers MelWeightMatrix: weights from the bins of a spectrum to bins of the mel scale."""
    arrays: list[Array | None] = [node.known(at) for at in range(5)]
    if int(node.ints(0)[0]) * int(node.ints(1)[0]) > MAX_ELEMENTS:
        raise node.refuse(f"the matrix has more than {MAX_ELEMENTS} elements")
    element = element_of(int(node.attribute("output_datatype", FLOAT)), node.operator)
    proto = helper.make_node(
        node.operator, [f"x{at}" for at in range(5)], ["y"], output_datatype=element.code
    )
    (found,) = evaluate(proto, arrays, node.opset)
    return on_host(found, element, _static(node))


@operator("NonMaxSuppression")
def suppression(node: Node) -> Value:
    """Lowers NonMaxSuppression: of boxes that overlap, the one of the highest score.

    Rows are batch, class and box, by falling scores.
    """
    boxes, scores = _known(node, 0), _known(node, 1)
    most = node.ints(2)[0] if node.has(2) and node.input(2).size else 0
    overlap = float(node.known(3).reshape(-1)[0]) if node.has(3) and node.input(3).size else 0.0
    least = float(node.known(4).reshape(-1)[0]) if node.has(4) and node.input(4).size else -np.inf
    if prod(scores.shape) * min(max(most, 0), scores.shape[2]) > MAX_ELEMENTS << 8:
        raise node.refuse("it compares too many boxes before the run")
    corners = _corners(boxes.astype(np.float32), bool(node.attribute("center_point_box", 0)))
    found = [
        (batch, kind, box)
        for batch in range(scores.shape[0])
        for kind in range(scores.shape[1])
        for box in _selected(corners[batch], scores[batch, kind], most, overlap, least)
    ]
    rows = np.array(found, np.int64).reshape(-1, 3)
    return on_host(rows, ELEMENTS[INT64], _static(node))


def _corners(boxes: Array, centred: bool) -> Array:
    """Returns boxes as [least y, least x, most y, most x]."""
    if centred:
        x, y, wide, high = np.moveaxis(boxes, -1, 0)
        half = (wide / 2, high / 2)
        return np.stack([y - half[1], x - half[0], y + half[1], x + half[0]], -1)
    first, second = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], -1)


def _selected(corners: Array, scores: Array, most: int, overlap: float, least: float) -> list[int]:
    order = np.argsort(-scores, kind="stable")
    left = [int(at) for at in order if scores[at] > least or least == -np.inf]
    kept: list[int] = []
    for at in left:
        if len(kept) >= most:
            break
        if not np.any(_overlaps(corners[at], corners[kept]) > overlap):
            kept.append(at)
    return kept


def _overlaps(one: Array, others: Array) -> Array:
    """Returns the intersection of a box with others, over their union."""
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=-1)
    area = np.prod(one[2:] - one[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=-1)
    union = area - shared
    meets = (shared > 0) & (union > 0)
    return np.asarray(np.where(meets, shared / np.where(meets, union, 1), 0))

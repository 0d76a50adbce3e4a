"""Operators on sequences and optionals, which vanish while a graph is planned."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from kernels.onnx.tolerant.element import BOOL, ELEMENTS, INT64, Array
from kernels.onnx.tolerant.families.movement import concatenated, sliced
from kernels.onnx.tolerant.node import Node, reshaped
from kernels.onnx.tolerant.value import TensorList, Value, on_host

Planned = Value | None


def _list(node: Node) -> TensorList:
    value = node.input(0)
    if not isinstance(value, TensorList):
        raise node.refuse("input 0 is not a sequence")
    return value


def _position(node: Node, index: int, count: int) -> int:
    """Returns a position from 0 to count; raises UnsupportedOperator beyond."""
    at = node.ints(index)[0]
    found = at + count if at < 0 else at
    if not 0 <= found <= count:
        raise node.refuse(f"position {at} lies outside a sequence of {count}")
    return found


def _known(array: Array, code: int) -> Value:
    return on_host(array, ELEMENTS[code], static=True)


def _construct(node: Node) -> Planned:
    return TensorList.of([node.input(at) for at in range(len(node.inputs))])


def _empty(_node: Node) -> Planned:
    return TensorList.of([])


def _at(node: Node) -> Planned:
    items = _list(node).items
    at = _position(node, 1, len(items))
    if at == len(items):
        raise node.refuse(f"position {at} lies outside a sequence of {len(items)}")
    return items[at]


def _insert(node: Node) -> Planned:
    items = [*_list(node).items]
    at = _position(node, 2, len(items)) if node.has(2) else len(items)
    items.insert(at, node.input(1))
    return TensorList.of(items)


def _erase(node: Node) -> Planned:
    items = [*_list(node).items]
    at = _position(node, 1, len(items)) if node.has(1) else len(items) - 1
    if not 0 <= at < len(items):
        raise node.refuse(f"a sequence of {len(items)} has no element to erase there")
    return TensorList.of([*items[:at], *items[at + 1 :]])


def _length(node: Node) -> Planned:
    return _known(np.array(len(_list(node).items), np.int64), INT64)


def _split(node: Node) -> Planned:
    value = node.input(0)
    axis = node.axis(0, value.rank)
    length = value.shape[axis]
    sizes, kept = [1] * length, bool(node.attribute("keepdims", 1))
    if node.has(1):
        kept, given = True, node.ints(1)
        if node.input(1).rank:
            sizes = given
        else:
            step = given[0]
            if step < 1:
                raise node.refuse(f"parts of {step} are not possible")
            sizes = [min(step, length - at) for at in range(0, length, step)]
    if sum(sizes) != length or min(sizes, default=0) < 0:
        raise node.refuse(f"parts of {sizes} do not make {length}")
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    parts = [
        sliced(node, value, axis, start, size) for start, size in zip(starts, sizes, strict=True)
    ]
    if not kept:
        shape = (*value.shape[:axis], *value.shape[axis + 1 :])
        parts = [reshaped(part, shape) for part in parts]
    return TensorList.of(parts)


def _concatenate(node: Node) -> Planned:
    items = [*_list(node).items]
    if not items:
        raise node.refuse("the sequence is empty")
    new = bool(node.attribute("new_axis", 0))
    axis = node.axis(0, items[0].rank + new)
    if new:
        items = [reshaped(each, (*each.shape[:axis], 1, *each.shape[axis:])) for each in items]
    return concatenated(node, [each for each in items if each.size] or items[:1], axis)


def _optional(node: Node) -> Planned:
    return node.inputs[0] if node.inputs else None


def _has(node: Node) -> Planned:
    return _known(np.array(node.has(0)), BOOL)


def _get(node: Node) -> Planned:
    return node.input(0)


SEQUENCES: Mapping[str, Callable[[Node], Planned]] = {
    "SequenceConstruct": _construct,
    "SequenceEmpty": _empty,
    "SequenceAt": _at,
    "SequenceInsert": _insert,
    "SequenceErase": _erase,
    "SequenceLength": _length,
    "SplitToSequence": _split,
    "ConcatFromSequence": _concatenate,
    "Optional": _optional,
    "OptionalHasElement": _has,
    "OptionalGetElement": _get,
    "Identity": _get,
}


def is_on_sequences(operator: str, inputs: Sequence[Planned]) -> bool:
    """Returns whether a node works on sequences or optionals rather than tensors."""
    if operator == "Identity":
        return not inputs or inputs[0] is None or isinstance(inputs[0], TensorList)
    return operator in SEQUENCES


def require_tensors(node: Node, values: Sequence[Planned] | None = None) -> None:
    """Raises UnsupportedOperator where one of the values, or the node's inputs, is a sequence."""
    if any(isinstance(each, TensorList) for each in (node.inputs if values is None else values)):
        raise node.refuse("an input is a sequence")

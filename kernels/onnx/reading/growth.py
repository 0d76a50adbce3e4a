"""Bounds the size of a node's result from its operands, before the result is computed."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from kernels.onnx.reading.structure import subgraphs

Array = npt.NDArray[Any]
# Results up to this many elements are computed whatever their operands.
FREE_ELEMENTS = 1 << 24
# The size of their results depends on values, so it is not bounded here.
_UNBOUNDED = ("OneHot", "Pad", "Range", "Resize", "Upsample", "Col2Im", "Loop", "Scan")


def grows(node: onnx.NodeProto, operands: Sequence[Array | None]) -> bool:
    """Returns whether a node of known operands may yield far more elements than they have.

    True also where there is no bound: for bodies, and for operators whose values determine a size.
    """
    arrays = [each for each in operands if each is not None]
    if node.op_type in _UNBOUNDED or any(True for _ in subgraphs(node)):
        return True
    return _bound(node, arrays) > max(FREE_ELEMENTS, sum(each.size for each in arrays))


def _bound(node: onnx.NodeProto, arrays: Sequence[Array]) -> int:
    sizes = [each.size for each in arrays]
    match node.op_type:
        case "ConstantOfShape" if arrays:
            found = _product(arrays[0])
        case "Expand" | "Tile" if len(arrays) > 1:
            found = sizes[0] * _product(arrays[1])
        case "Concat":
            found = sum(sizes)
        case "Gather" if len(arrays) > 1 and arrays[0].ndim:
            axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
            length = arrays[0].shape[axis] if -arrays[0].ndim <= axis < arrays[0].ndim else 1
            found = sizes[0] // max(length, 1) * sizes[1]
        case "MatMul" if len(arrays) > 1 and arrays[0].ndim and arrays[1].ndim:
            inner = max(arrays[0].shape[-1], 1)
            found = (sizes[0] // inner) * (sizes[1] // inner)
        case _:
            found = _broadcast(arrays)
    return found


def _broadcast(arrays: Sequence[Array]) -> int:
    try:
        return prod(np.broadcast_shapes(*(each.shape for each in arrays)))
    except ValueError:
        return sum(each.size for each in arrays)


def _product(array: Array) -> int:
    found: int = prod(max(int(each), 1) for each in array.reshape(-1))
    return found

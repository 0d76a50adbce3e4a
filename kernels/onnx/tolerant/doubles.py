"""Refuses float64 where float32, in which adapters compute it, may give another answer."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kernels.onnx.tolerant.element import DOUBLE
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.value import Value

# Their results jump, so that a rounded operand may change them by any amount.
_JUMPING = frozenset(
    [
        "ArgMax", "ArgMin", "Ceil", "Equal", "Floor", "Greater", "GreaterOrEqual", "Hardmax",
        "Less", "LessOrEqual", "Mod", "NonMaxSuppression", "QuantizeLinear", "Round", "Sign",
        "TopK", "Unique",
    ]
)  # fmt: skip
_CASTS = ("Cast", "CastLike")
# Their float64 results are finite in float32 where their operands are.
_BOUNDED = frozenset(
    [
        "Abs", "Cast", "CastLike", "Clip", "Compress", "Concat", "DepthToSpace", "Expand",
        "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "Max", "Min", "Mod", "Neg",
        "Pad", "ReduceMax", "ReduceMin", "Relu", "Reshape", "ReverseSequence", "ScatterElements",
        "ScatterND", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Trilu",
        "Unsqueeze", "Where",
    ]
)  # fmt: skip
# float32 holds every whole number up to this one.
_WHOLE = 1 << 24


def check_doubles(node: Node, results: Sequence[Value]) -> None:
    """Raises UnsupportedOperator for float64 where rounding it to float32 could matter.

    That is where a result jumps and an operand is not known to be exact, and where integers of more
    than 24 bits become float64. Results that may pass float32 are checked after a run.
    """
    given = [value for value in node.inputs if value is not None]
    doubles = [value for value in given if value.element.code == DOUBLE]
    to_double = any(value.element.code == DOUBLE for value in results)
    passed_on = any(value.element.checked for value in doubles)
    for value in results:
        if value.element.code == DOUBLE and (passed_on or node.operator not in _BOUNDED):
            value.element = replace(value.element, checked=True)
    jumps = node.operator in _JUMPING
    if node.operator in _CASTS and given:
        source = given[0]
        doubles = [source] if source.element.code == DOUBLE else []
        jumps = not results[0].element.is_float
        if to_double and source.element.bits:
            low, high = node.bounds(source) or (-_WHOLE - 1, 0)
            if low < -_WHOLE or high > _WHOLE:
                raise node.refuse("float32 does not hold integers above 2^24, float64 does")
    if jumps and not all(_is_exact(value, node.plan) for value in doubles):
        raise node.refuse(
            "float64 runs as float32, and its rounding could change this operator's result"
        )


def _is_exact(value: Value, plan: Plan) -> bool:
    """Returns whether these are an input's or a constant's values, and float32 holds them."""
    computed = value.buffer is not None and not plan.buffers[value.buffer].read_only
    if value.host is None or computed:
        return False
    array = value.host()
    with np.errstate(over="ignore"):
        return bool(np.array_equal(array.astype(np.float32), array, equal_nan=True))

"""Shape arithmetic: small integer tensors that determine shapes are computed on the host."""

import warnings
from collections.abc import Sequence
from math import prod

import onnx
from onnx.reference import ReferenceEvaluator

from kernels.onnx.tolerant.element import Array

MAX_ELEMENTS = 1 << 16

SHAPE_OPERATORS = frozenset(
    [
        "Abs", "Add", "And", "Cast", "CastLike", "Ceil", "Clip", "Concat", "Constant",
        "ConstantOfShape", "CumSum", "Div", "Equal", "Expand", "EyeLike", "Flatten",
        "Floor", "Gather", "GatherElements", "GatherND", "Greater", "GreaterOrEqual",
        "Identity", "Less", "LessOrEqual", "Log", "Max", "Min", "Mod", "Mul", "Neg",
        "NonZero", "Not", "OneHot", "Or", "Pad", "Pow", "Range", "Reciprocal", "ReduceMax",
        "ReduceMin", "ReduceProd", "ReduceSum", "Relu", "Reshape", "Round", "ScatterElements",
        "ScatterND", "Sign", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Tile",
        "Transpose", "Trilu", "Unsqueeze", "Where", "Xor",
    ]
)  # fmt: skip

# The outputs of these operators may be far larger than their inputs.
_GROWING = frozenset(["ConstantOfShape", "Expand", "OneHot", "Pad", "Range", "Tile"])


def is_small(operator: str, sizes: Sequence[int]) -> bool:
    """Returns whether operands of these sizes always give a result small enough to compute here.

    Broadcasting and gathering give at most the product of the sizes.
    """
    if operator in _GROWING:
        return False
    if operator == "Concat":
        return sum(sizes) <= MAX_ELEMENTS
    return prod(max(size, 1) for size in sizes) <= MAX_ELEMENTS << 4


def evaluate(node: onnx.NodeProto, inputs: Sequence[Array | None], opset: int) -> list[Array]:
    """Returns the node's outputs, computed by the ONNX package's own reference."""
    names = [name for name, value in zip(node.input, inputs, strict=True) if value is not None]
    given = [value for value in inputs if value is not None]
    evaluator = ReferenceEvaluator(node, opsets={"": opset})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [*evaluator.run(None, dict(zip(names, given, strict=True)))]

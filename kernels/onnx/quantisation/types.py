"""Which float tensors of a model hold integers, by the model's types."""

import onnx
from onnx import TensorProto, helper, shape_inference

ROUNDED = {"Ceil", "Floor", "Round", "Sign"}
KEEPING = {
    "Abs",
    "Concat",
    "Expand",
    "Flatten",
    "Gather",
    "Identity",
    "MaxPool",
    "Neg",
    "Relu",
    "Reshape",
    "Slice",
    "Split",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
}


def whole_tensors(model: onnx.ModelProto) -> frozenset[str]:
    """Returns the tensors that hold only integers whatever the inputs are.

    They are cast from integers or booleans, or rounded, or made of such tensors. Values do not
    matter: those of a calibration set may be whole by chance.
    """
    types = _types(model)
    found: set[str] = set()
    for node in model.graph.node:
        first = node.input[:1]
        cast = node.op_type == "Cast" and bool(first) and _integral(types.get(first[0]))
        parts = node.input if node.op_type == "Concat" else first
        kept = node.op_type in KEEPING and all(name in found for name in parts)
        if cast or kept or node.op_type in ROUNDED:
            found.update(node.output)
    return frozenset(found)


def _types(model: onnx.ModelProto) -> dict[str, int]:
    graph = shape_inference.infer_shapes(model).graph
    values = [*graph.input, *graph.value_info, *graph.output]
    return {each.name: each.type.tensor_type.elem_type for each in values}


def _integral(kind: int | None) -> bool:
    if kind is None or kind == TensorProto.UNDEFINED:
        return False
    return helper.tensor_dtype_to_np_dtype(kind).kind in "biu"


def has_scales(model: onnx.ModelProto) -> bool:
    """Returns whether every input is quantised by the model itself, or holds integers."""
    held = {each.name for each in model.graph.initializer}
    types = _types(model)
    real = {
        each.name
        for each in model.graph.input
        if each.name not in held and not _integral(types.get(each.name))
    }
    kinds = {node.op_type for node in model.graph.node}
    quantised = "QuantizeLinear" in kinds or any(kind.startswith("QLinear") for kind in kinds)
    readers = {
        name: [node.op_type for node in model.graph.node if name in node.input] for name in real
    }
    return quantised and all(set(found) == {"QuantizeLinear"} for found in readers.values())

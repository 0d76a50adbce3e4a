"""Converts ONNX protobufs to plain nodes and arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.network import Node
from kernels.onnx.reading.growth import grows
from kernels.trace.layout import Array


def plain(proto: onnx.NodeProto) -> Node:
    """Returns a node with its attributes as Python values."""
    attributes = {each.name: helper.get_attribute_value(each) for each in proto.attribute}
    texts = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in attributes.items()
    }
    return Node(proto.op_type, proto.name, tuple(proto.input), tuple(proto.output), texts)


def constants_of(model: onnx.ModelProto) -> tuple[dict[str, Array], list[onnx.NodeProto]]:
    """Returns all constants by name, and the nodes that remain.

    Constants are the initialisers and everything that depends on them alone. Raises LoweringError
    where a constant cannot be computed.
    """
    known: dict[str, Array] = {
        each.name: numpy_helper.to_array(each) for each in model.graph.initializer
    }
    left = []
    for proto in model.graph.node:
        quantises = proto.op_type in ("QuantizeLinear", "DequantizeLinear")
        nested = any(each.type == onnx.AttributeProto.GRAPH for each in proto.attribute)
        unknown = nested or any(name and name not in known for name in proto.input)
        if quantises or unknown or grows(proto, [known.get(name) for name in proto.input]):
            left.append(proto)
        else:
            known.update(_evaluated(model, proto, known))
    return known, left


def shape_of(value: onnx.ValueInfoProto, given: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Returns the shape of a graph's input; raises LoweringError for non-tensors."""
    if value.name not in given:
        raise LoweringError(f"input {value.name!r}", "is not a tensor, as a job input must be")
    return given[value.name]


def stored_as(value: onnx.ValueInfoProto) -> str:
    """Returns an input's element type as a NumPy name; raises LoweringError for non-tensors."""
    if not value.type.HasField("tensor_type"):
        raise LoweringError(f"input {value.name!r}", "is not a tensor, as a job input must be")
    return str(np.dtype(helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)))


def _evaluated(
    model: onnx.ModelProto, proto: onnx.NodeProto, known: Mapping[str, Array]
) -> dict[str, Array]:
    names = [name for name in dict.fromkeys(proto.input) if name]
    graph = helper.make_graph(
        [proto],
        "constant",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(known[name].dtype), known[name].shape
            )
            for name in names
        ],
        [onnx.ValueInfoProto(name=name) for name in proto.output],
    )
    alone = helper.make_model(graph, opset_imports=model.opset_import)
    try:
        found: Any = ReferenceEvaluator(alone).run(None, {name: known[name] for name in names})
    except Exception as error:
        raise LoweringError(plain(proto).label, f"cannot be folded: {error}") from error
    return {
        name: np.asarray(value) for name, value in zip(proto.output, found, strict=False) if name
    }

"""Small models that tests build."""

from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import TensorProto, helper

OPSET = 22


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    initializers: Sequence[TensorProto] = (),
) -> onnx.ModelProto:
    """Returns a model of the newest opset that every reader in use knows."""
    graph = helper.make_graph(nodes, "test", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)


def floats(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    """Returns a float32 port."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def chain() -> onnx.ModelProto:
    """Returns the model y = relu(x @ w), [2, 4] by [4, 3]."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, [4, 3], [0.5] * 12)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"], "product"),
        helper.make_node("Relu", ["p"], ["y"], "relu"),
    ]
    return model(nodes, [floats("x", 2, 4)], [floats("y", 2, 3)], [weights])


def write(path: Path, content: onnx.ModelProto) -> Path:
    """Writes the model to a file and returns the path."""
    path.write_bytes(content.SerializeToString())
    return path

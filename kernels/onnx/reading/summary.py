"""Summarises a model without running it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import onnx

from kernels.onnx.reading.cost import cost_of, parameters_of
from kernels.onnx.reading.shapes import Shape, graphs, shape_of, shapes_of


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output; an axis without a fixed length has a name, or None."""

    name: str
    type: str
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The interface, operators and cost of a model.

    `parameters` counts the numbers in initialisers and in Constant nodes, `multiply_adds` those of
    matrix products, convolutions and recurrent layers; `unknown` names the nodes whose
    multiply-adds are known only in a run.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    opset: Mapping[str, int]
    operators: Mapping[str, int]
    parameters: int
    multiply_adds: int
    unknown: tuple[str, ...]


def summarise(model: onnx.ModelProto) -> Summary:
    """Returns the summary of a checked model."""
    held = {tensor.name for tensor in model.graph.initializer}
    cost = cost_of(model.graph, shapes_of(model))
    return Summary(
        inputs=tuple(_port(each) for each in model.graph.input if each.name not in held),
        outputs=tuple(map(_port, model.graph.output)),
        opset={entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        operators=dict(sorted(Counter(map(operator_name, _nodes(model.graph))).items())),
        parameters=parameters_of(model),
        multiply_adds=cost.multiply_adds,
        unknown=cost.unknown,
    )


def operator_name(node: onnx.NodeProto) -> str:
    """Returns the operator, with its domain where that is not the default."""
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for each in graphs(graph):
        yield from each.node


def _port(value: onnx.ValueInfoProto) -> Port:
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        return Port(value.name, str(kind).removesuffix("_type"), None)
    tensor = value.type.tensor_type
    name = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    return Port(value.name, name, shape_of(value) if tensor.HasField("shape") else None)

"""Summarises a model without running it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

import onnx
import onnx.shape_inference

from kernels.onnx.reading.structure import subgraphs

Shape = tuple[int | str | None, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output; an axis without a fixed length has a name, or None."""

    name: str
    type: str
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The interface, operators and cost of a model.

    multiply_adds counts matrix products and convolutions whose shapes are known before a run;
    unknown names the nodes whose shapes are not.
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
    shapes = _shapes(model)
    held = {tensor.name for tensor in model.graph.initializer}
    total, unknown = 0, []
    for node in _nodes(model.graph):
        if node.op_type in _COUNTED and node.domain in ("", "ai.onnx"):
            found = _multiply_adds(node, shapes)
            total += found or 0
            if found is None:
                unknown.append(node.name or node.output[0])
    return Summary(
        inputs=tuple(_port(each) for each in model.graph.input if each.name not in held),
        outputs=tuple(map(_port, model.graph.output)),
        opset={entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        operators=dict(sorted(Counter(map(operator_name, _nodes(model.graph))).items())),
        parameters=sum(prod(tensor.dims) for tensor in model.graph.initializer),
        multiply_adds=total,
        unknown=tuple(unknown),
    )


def operator_name(node: onnx.NodeProto) -> str:
    """Returns the operator, with its domain where that is not the default."""
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for body in subgraphs(node):
            yield from _nodes(body)


def _port(value: onnx.ValueInfoProto) -> Port:
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        return Port(value.name, str(kind).removesuffix("_type"), None)
    tensor = value.type.tensor_type
    name = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    return Port(value.name, name, _shape(value) if tensor.HasField("shape") else None)


def _shape(value: onnx.ValueInfoProto) -> Shape:
    return tuple(
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or None
        for dim in value.type.tensor_type.shape.dim
    )


def _shapes(model: onnx.ModelProto) -> dict[str, Shape]:
    try:
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        graph = model.graph
    known = {
        value.name: _shape(value)
        for value in (*graph.input, *graph.output, *graph.value_info)
        if value.type.tensor_type.HasField("shape")
    }
    return known | {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}


_PRODUCTS = ("MatMul", "MatMulInteger", "QLinearMatMul", "Gemm")
_WINDOWS = ("Conv", "ConvInteger", "QLinearConv")
_COUNTED = (*_PRODUCTS, *_WINDOWS, "ConvTranspose")


def _multiply_adds(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int | None:
    """Returns output elements times the terms of each sum, or None where a shape is unknown."""
    left = _fixed(shapes.get(node.input[0]))
    weights = _fixed(shapes.get(node.input[3 if node.op_type.startswith("QLinear") else 1]))
    output = _fixed(shapes.get(node.output[0]))
    if node.op_type == "ConvTranspose":
        return None if left is None or weights is None else prod(left) * prod(weights[1:])
    if output is None:
        return None
    if node.op_type in _WINDOWS:
        return None if weights is None else prod(output) * prod(weights[1:])
    if left is None:
        return None
    transposed = any(each.name == "transA" and each.i for each in node.attribute)
    return prod(output) * left[-2 if transposed else -1]


def _fixed(shape: Shape | None) -> tuple[int, ...] | None:
    if shape is None:
        return None
    whole = tuple(axis for axis in shape if isinstance(axis, int))
    return whole if len(whole) == len(shape) else None

"""The shapes of a model's tensors, as far as they are known without running it."""

from collections.abc import Iterator

import onnx
import onnx.shape_inference

from kernels.onnx.reading.structure import subgraphs

Shape = tuple[int | str | None, ...]


def shapes_of(model: onnx.ModelProto) -> dict[str, Shape]:
    """Returns the shape of every tensor that has one, those in branches and bodies among them.

    An axis without a fixed length has its name, or None.
    """
    known: dict[str, Shape] = {}
    for each in graphs(inferred(model)):
        for value in (*each.input, *each.output, *each.value_info):
            if value.type.tensor_type.HasField("shape"):
                known[value.name] = shape_of(value)
        known |= {tensor.name: tuple(tensor.dims) for tensor in each.initializer}
    return known


def types_of(model: onnx.ModelProto) -> dict[str, int]:
    """Returns the element type of every tensor of the model's own graph, as far as it is known."""
    graph = inferred(model)
    known = {
        value.name: value.type.tensor_type.elem_type
        for value in (*graph.input, *graph.output, *graph.value_info)
        if value.type.tensor_type.elem_type
    }
    return known | {tensor.name: tensor.data_type for tensor in graph.initializer}


def inferred(model: onnx.ModelProto) -> onnx.GraphProto:
    """Returns the graph with the types and shapes that onnx infers, where it can."""
    try:
        return onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        return model.graph


def shape_of(value: onnx.ValueInfoProto) -> Shape:
    """Returns the shape of a tensor that has one; a length below 1 stands for an open axis."""
    return tuple(
        dim.dim_value if dim.dim_value > 0 else dim.dim_param or None
        for dim in value.type.tensor_type.shape.dim
    )


def graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yields a graph, and those in the attributes of its nodes."""
    yield graph
    for node in graph.node:
        for body in subgraphs(node):
            yield from graphs(body)


def fixed(shape: Shape | None) -> tuple[int, ...] | None:
    """Returns a shape without open axes, None for any other."""
    if shape is None:
        return None
    whole = tuple(axis for axis in shape if isinstance(axis, int))
    return whole if len(whole) == len(shape) else None

"""The values that a graph begins with: its constants, and the inputs of a run."""

from collections.abc import Mapping

import onnx
from onnx import numpy_helper

from kernels.onnx.tolerant.element import FLOAT, Array
from kernels.onnx.tolerant.errors import BadInput, UnsupportedOperator
from kernels.onnx.tolerant.node import element_of
from kernels.onnx.tolerant.value import TensorList, Value, on_host

Given = Mapping[str, Array | Value]
Names = dict[str, Value | None]


def item_name(name: str, at: int) -> str:
    """Returns the name of a sequence's element, as an input or an output of a graph."""
    return f"{name}[{at}]"


def constants(graph: onnx.GraphProto) -> Names:
    """Returns a graph's initialisers; raises UnsupportedOperator for a type without lanes."""
    return {
        tensor.name: on_host(
            numpy_helper.to_array(tensor), element_of(tensor.data_type, "initializer"), static=True
        )
        for tensor in graph.initializer
    }


def arguments(model: onnx.ModelProto, inputs: Given) -> Names:
    """Returns a model's constants and inputs.

    An input may be an array, or a value that the plan holds already. Those of a sequence `s` are
    named s[0], s[1] and so on; an optional input may be left out. Raises BadInput and
    UnsupportedOperator.
    """
    names = constants(model.graph)
    _require_known(model, inputs)
    for port in model.graph.input:
        kind, optional = port.type, False
        if kind.WhichOneof("value") == "optional_type":
            kind, optional = kind.optional_type.elem_type, True
        if kind.WhichOneof("value") == "sequence_type":
            tensor = kind.sequence_type.elem_type.tensor_type
            items = _items(port.name, inputs)
            listed = tuple(_given(name, tensor, inputs[name]) for name in items)
            names[port.name] = None if optional and not items else TensorList.of(listed)
        elif kind.WhichOneof("value") != "tensor_type":
            name = str(kind.WhichOneof("value")).removesuffix("_type")
            raise UnsupportedOperator("input", f"{name} inputs are unsupported")
        elif port.name in inputs:
            names[port.name] = _given(port.name, kind.tensor_type, inputs[port.name])
        elif optional:
            names[port.name] = None
        elif port.name not in names:
            raise BadInput(f"input {port.name!r} is missing")
    return names


def results(model: onnx.ModelProto, names: Names) -> list[tuple[str, Value]]:
    """Returns a graph's outputs by name, each element of a sequence as one of its own.

    Raises UnsupportedOperator where an optional output is absent.
    """
    found = []
    for port in model.graph.output:
        value = present(names, port.name)
        if isinstance(value, TensorList):
            found += [(item_name(port.name, at), each) for at, each in enumerate(value.items)]
        else:
            found.append((port.name, value))
    return found


def present(names: Mapping[str, Value | None], name: str) -> Value:
    """Returns a value by name; raises UnsupportedOperator where an optional one is absent."""
    value = names.get(name)
    if value is None:
        raise UnsupportedOperator("output", f"{name!r} is optional and absent")
    return value


def _require_known(model: onnx.ModelProto, inputs: Given) -> None:
    known = {name for port in model.graph.input for name in (port.name, *_items(port.name, inputs))}
    if unknown := inputs.keys() - known:
        raise BadInput(f"the model has no input {', '.join(map(repr, sorted(unknown)))}")


def _items(name: str, inputs: Given) -> list[str]:
    found: list[str] = []
    while item_name(name, len(found)) in inputs:
        found.append(item_name(name, len(found)))
    return found


def _given(name: str, tensor: onnx.TypeProto.Tensor, given: Array | Value) -> Value:
    if isinstance(given, Value):
        return given
    element = element_of(tensor.elem_type or FLOAT, "input")
    if given.dtype != element.numpy:
        raise BadInput(f"input {name!r} is {given.dtype}, the model needs {element.name}")
    if tensor.HasField("shape"):
        wanted = [dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim]
        fits = len(wanted) == given.ndim and all(
            axis in (None, length) for axis, length in zip(wanted, given.shape, strict=True)
        )
        if not fits:
            raise BadInput(f"input {name!r} has shape {given.shape}, not {wanted}")
    return on_host(given, element, static=False)

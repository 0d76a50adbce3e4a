"""Gives a model what it leaves open: the lengths of axes, and the values of inputs."""

from collections.abc import Mapping

import onnx
from onnx import numpy_helper

from kernels.onnx.reading.errors import ModelError, Reason
from kernels.trace.layout import Array


def bound(
    model: onnx.ModelProto,
    shapes: Mapping[str, tuple[int, ...]],
    values: Mapping[str, Array] | None = None,
) -> onnx.ModelProto:
    """Returns a copy whose inputs have these shapes; those with values become constants.

    What was inferred for open axes is dropped with them. Raises ModelError for names that are no
    inputs, and for shapes that do not fit.
    """
    found = onnx.ModelProto()
    found.CopyFrom(model)
    constants = dict(values or {})
    held = {tensor.name for tensor in found.graph.initializer}
    inputs = {port.name: port for port in found.graph.input if port.name not in held}
    if unknown := sorted((shapes.keys() | constants.keys()) - inputs.keys()):
        raise ModelError(Reason.UNDEFINED_INPUT, f"the model has no input {', '.join(unknown)}")
    for name, array in constants.items():
        _fix(inputs[name], array.shape)
        found.graph.initializer.append(numpy_helper.from_array(array, name))
        found.graph.input.remove(inputs[name])
    for name, shape in shapes.items():
        if name not in constants:
            _fix(inputs[name], shape)
    if shapes or constants:
        del found.graph.value_info[:]
        for output in found.graph.output:
            for axis in output.type.tensor_type.shape.dim:
                if not axis.HasField("dim_value"):
                    axis.Clear()
    return found


def _fix(port: onnx.ValueInfoProto, shape: tuple[int, ...]) -> None:
    tensor = port.type.tensor_type
    if not tensor.HasField("shape"):
        tensor.shape.SetInParent()
        for _ in shape:
            tensor.shape.dim.add()
    axes = tensor.shape.dim
    fits = len(axes) == len(shape) and all(
        not axis.HasField("dim_value") or axis.dim_value in (0, -1, length)
        for axis, length in zip(axes, shape, strict=True)
    )
    if not fits:
        stated = [axis.dim_param or axis.dim_value or "?" for axis in axes]
        raise ModelError(
            Reason.BAD_DIMENSION,
            f"input {port.name!r} is {', '.join(map(str, stated))}, not "
            f"{', '.join(map(str, shape)) or 'a single number'}",
        )
    for axis, length in zip(axes, shape, strict=True):
        axis.dim_value = length

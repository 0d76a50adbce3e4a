"""Checks the tensors and types that a model declares or holds."""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy.typing as npt
import onnx
import onnx.numpy_helper

from kernels.onnx.reading.axes import OPEN
from kernels.onnx.reading.errors import ModelError, Reason
from kernels.onnx.reading.structure import subgraphs

MAX_DIMENSION = (1 << 31) - 1
MAX_MODEL_TENSOR_BYTES = 1 << 31
MAX_AXES = 16
# Types whose elements share a byte, with the number of elements per byte.
_PACKED = {"INT4": 2, "UINT4": 2, "FLOAT4E2M1": 2, "INT2": 4, "UINT2": 4}


def initialisers(model: onnx.ModelProto) -> dict[str, npt.NDArray[Any]]:
    """Returns the constants of a checked model by name."""
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def held_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Yields every tensor in a graph, its attributes and the graphs inside."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
        for body in subgraphs(node):
            yield from held_tensors(body)


def stored_bytes(tensor: onnx.TensorProto) -> int:
    """Returns the bytes of a tensor's elements, computed from its shape and type.

    Raises ModelError when a dimension or the whole is out of bounds, or the type has no fixed size.
    """
    _check_shape(tensor.dims, f"tensor {tensor.name!r}")
    if tensor.data_type == onnx.TensorProto.STRING:
        raise ModelError(Reason.UNSUPPORTED_TYPE, f"tensor {tensor.name!r} holds strings")
    try:
        name = onnx.TensorProto.DataType.Name(tensor.data_type)
        item = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except (KeyError, ValueError) as error:
        raise ModelError(
            Reason.UNSUPPORTED_TYPE, f"tensor {tensor.name!r} has type {tensor.data_type}"
        ) from error
    size: int = -(-prod(tensor.dims) * item // _PACKED.get(name, 1))
    if size > MAX_MODEL_TENSOR_BYTES:
        raise ModelError(
            Reason.TENSOR_LIMIT,
            f"tensor {tensor.name!r} takes {size} bytes, above {MAX_MODEL_TENSOR_BYTES}",
        )
    return size


def check_tensors(model: onnx.ModelProto) -> None:
    """Raises ModelError unless every tensor and declared shape is bounded and of a known type."""
    for tensor in held_tensors(model.graph):
        size = stored_bytes(tensor)
        external = tensor.data_location == onnx.TensorProto.EXTERNAL
        if not external and len(tensor.raw_data) not in (0, size):
            raise ModelError(
                Reason.BAD_TENSOR,
                f"tensor {tensor.name!r} holds {len(tensor.raw_data)} bytes of {size}",
            )
        if not external and not tensor.raw_data and _entries(tensor) != _wanted(tensor):
            raise ModelError(
                Reason.BAD_TENSOR,
                f"tensor {tensor.name!r} holds {_entries(tensor)} entries of {_wanted(tensor)}",
            )
    _check_graph(model.graph)


def _entries(tensor: onnx.TensorProto) -> int:
    fields = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")
    return sum(len(getattr(tensor, name)) for name in fields)


def _wanted(tensor: onnx.TensorProto) -> int:
    name = onnx.TensorProto.DataType.Name(tensor.data_type)
    parts = 2 if name.startswith("COMPLEX") else 1
    wanted: int = -(-prod(tensor.dims) * parts // _PACKED.get(name, 1))
    return wanted


def _check_graph(graph: onnx.GraphProto) -> None:
    if graph.sparse_initializer:
        raise ModelError(Reason.UNSUPPORTED_TYPE, "the model holds sparse tensors")
    for value in (*graph.input, *graph.output, *graph.value_info):
        kind = value.type.WhichOneof("value")
        if kind == "sparse_tensor_type":
            raise ModelError(Reason.UNSUPPORTED_TYPE, f"{value.name!r} is a sparse tensor")
        if kind != "tensor_type":
            continue
        dims = value.type.tensor_type.shape.dim
        fixed = [dim.dim_value for dim in dims if dim.HasField("dim_value")]
        _check_shape([length for length in fixed if length != OPEN], repr(value.name))
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
                raise ModelError(Reason.UNSUPPORTED_TYPE, f"{node.op_type} holds sparse tensors")
        for body in subgraphs(node):
            _check_graph(body)


def _check_shape(dims: Any, what: str) -> None:
    if len(dims) > MAX_AXES:
        raise ModelError(Reason.BAD_DIMENSION, f"{what} has {len(dims)} axes, above {MAX_AXES}")
    for dim in dims:
        if not 0 <= dim <= MAX_DIMENSION:
            raise ModelError(Reason.BAD_DIMENSION, f"{what} has a dimension of {dim}")
    if prod(dims) > MAX_MODEL_TENSOR_BYTES:
        raise ModelError(Reason.TENSOR_LIMIT, f"{what} has {prod(dims)} elements")

"""The model that a rewriting makes, under construction."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kernels.onnx.classical.errors import UnsupportedModel
from kernels.onnx.reading.shapes import Shape, shapes_of, types_of
from kernels.trace.layout import Array

INDEX, REAL = TensorProto.INT64, TensorProto.FLOAT
_SEPARATOR = "/classical/"


class Draft:
    """Nodes and constants that replace those of ONNX-ML; methods return the name of their output.

    The operators have the form of opset 17 and later.
    """

    def __init__(self, model: onnx.ModelProto, opset: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []
        self._opset = opset
        self._shapes: Mapping[str, Shape] = shapes_of(model)
        self._types = types_of(model)
        self._prefix = ""

    def begin(self, node: onnx.NodeProto) -> None:
        """Names what follows after a node that it replaces."""
        self._prefix = f"{node.output[0]}{_SEPARATOR}"

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node with one output."""
        name = self._name()
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def constant(self, array: Array) -> str:
        """Adds a constant."""
        name = self._name()
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def cast(self, x: str, kind: int) -> str:
        """Adds a conversion to an element type."""
        return self.node("Cast", x, to=kind)

    def real(self, x: str) -> str:
        """Returns a tensor in float32, in which ONNX-ML computes."""
        return x if self._types.get(x) == REAL else self.cast(x, REAL)

    def reduced(self, kind: str, x: str, axis: int, *, keep: bool) -> str:
        """Adds a reduction over one axis; ReduceMax takes its axes as an attribute before 18."""
        kept = int(keep)
        if kind == "ReduceSum" or self._opset >= 18:
            return self.node(kind, x, self.constant(np.array([axis], np.int64)), keepdims=kept)
        return self.node(kind, x, axes=[axis], keepdims=kept)

    def reshaped(self, x: str, *sizes: int) -> str:
        """Adds another shape for the same elements."""
        return self.node("Reshape", x, self.constant(np.array(sizes, np.int64)))

    def widened(self, x: str) -> str:
        """Adds a last axis of length 1."""
        return self.node("Unsqueeze", x, self.constant(np.array([-1], np.int64)))

    def rank(self, node: onnx.NodeProto, name: str) -> int:
        """Returns how many axes a tensor of the model has; raises UnsupportedModel if unknown."""
        if name not in self._shapes:
            raise UnsupportedModel(label(node), f"the shape of {name!r} is unknown")
        return len(self._shapes[name])

    def last(self, node: onnx.NodeProto, name: str) -> int:
        """Returns the length of a tensor's last axis; raises UnsupportedModel if unknown."""
        shape = self._shapes.get(name)
        length = shape[-1] if shape else None
        if not isinstance(length, int):
            raise UnsupportedModel(label(node), f"the last axis of {name!r} has no fixed length")
        return length

    def _name(self) -> str:
        return f"{self._prefix}{len(self.nodes) + len(self.constants)}"


def label(node: onnx.NodeProto) -> str:
    """Returns a node's operator and name for messages."""
    return f"{node.op_type} {node.name or node.output[0]!r}"


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """Returns a node's attributes as Python values, texts as str."""
    values = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in values.items()
    }


def reals(values: Any) -> Array:
    """Returns numbers of an attribute as float32."""
    return np.asarray(values, np.float32)

"""A model under rewriting: the nodes so far, constants, and the shapes of its tensors."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from kernels.onnx.exact.attributes import constants_of, plain
from kernels.onnx.exact.errors import LoweringError
from kernels.trace.layout import Array


class Unready(Exception):  # noqa: N818
    """The shape of a tensor is not known yet."""


class Draft:
    """The copy of a model in which rules replace nodes.

    `left` are the nodes of the model that constants do not determine.
    """

    def __init__(self, model: onnx.ModelProto, shapes: dict[str, tuple[int, ...]]) -> None:
        """Takes the shapes that are known already, and adds those that inference finds."""
        self._model = model
        self.constants, self.left = constants_of(model)
        self.opset = max(
            (each.version for each in model.opset_import if each.domain in ("", "ai.onnx")),
            default=1,
        )
        self._nodes: list[onnx.NodeProto] = []
        self._within = ""
        self._count = 0
        self._shapes = shapes
        self._makers = {output: node for node in self.left for output in node.output}
        self._read = Counter(name for node in self.left for name in _read(node))
        self._read.update(value.name for value in model.graph.output)
        self._real: set[str] = set()
        graph = onnx.shape_inference.infer_shapes(model).graph
        for value in (*graph.input, *graph.value_info, *graph.output):
            kind = value.type.tensor_type
            sizes = tuple(axis.dim_value for axis in kind.shape.dim)
            if kind.HasField("shape") and all(size > 0 for size in sizes):
                self._shapes[value.name] = sizes
            if kind.elem_type == onnx.TensorProto.FLOAT:
                self._real.add(value.name)

    def keep(self, node: onnx.NodeProto) -> None:
        """Appends a node of the model as it is."""
        self._nodes.append(node)

    def begin(self, node: onnx.NodeProto) -> str:
        """Names the nodes that follow after this one, and returns its name in messages."""
        self._within = node.name or node.output[0]
        return plain(node).label

    def shape(self, name: str) -> tuple[int, ...]:
        """Returns a tensor's shape; raises Unready where it is not known."""
        if name in self.constants:
            return self.constants[name].shape
        if name not in self._shapes:
            raise Unready
        return self._shapes[name]

    def real(self, name: str) -> bool:
        """Returns whether a tensor holds floats, after what was rewritten so far."""
        return name in self._real

    def maker(self, name: str) -> onnx.NodeProto | None:
        """Returns the node of the model that computes a tensor."""
        return self._makers.get(name)

    def readers(self, name: str) -> int:
        """Returns how many nodes and outputs of the model read a tensor."""
        return self._read[name]

    def given(self, node: onnx.NodeProto, position: int) -> str:
        """Returns the name of an optional input, or an empty string."""
        return node.input[position] if position < len(node.input) else ""

    def wanted(self, node: onnx.NodeProto, position: int) -> str:
        """Returns the name of an optional output that is used, or an empty string."""
        return node.output[position] if position < len(node.output) else ""

    def fixed(self, node: onnx.NodeProto, position: int) -> Array:
        """Returns an input that must be a constant; raises LoweringError where it is computed."""
        found = self.constants.get(node.input[position])
        if found is None:
            raise LoweringError(
                plain(node).label, f"input {node.input[position]!r} must be a constant"
            )
        return found

    def number(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Adds a constant and returns its name."""
        name = self._named("constant")
        self.constants[name] = np.array(values, dtype, order="C")
        return name

    def node(
        self, kind: str, inputs: Sequence[str], output: str | None = None, **attributes: Any
    ) -> str:
        """Appends a node of one output and returns the output's name."""
        name = self._named(kind)
        made = output or name
        if made in self._makers:
            self._real.add(made)
        self._nodes.append(helper.make_node(kind, list(inputs), [made], name, **attributes))
        return made

    def several(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> None:
        """Appends a node of any number of outputs."""
        made = helper.make_node(kind, list(inputs), list(outputs), self._within, **attributes)
        self._nodes.append(made)

    def reshaped(self, x: str, shape: Sequence[int], output: str | None = None) -> str:
        """Appends Reshape."""
        return self.node("Reshape", [x, self.number(shape, np.int64)], output)

    def sliced(self, x: str, start: int, end: int, axis: int) -> str:
        """Appends Slice of one axis."""
        if self.opset < 10:
            return self.node("Slice", [x], starts=[start], ends=[end], axes=[axis])
        numbers = [self.number([each], np.int64) for each in (start, end, axis)]
        return self.node("Slice", [x, *numbers])

    def reduced(self, kind: str, x: str, axes: Sequence[int], output: str | None = None) -> str:
        """Appends a reduction that keeps its axes."""
        if self.opset >= (13 if kind == "ReduceSum" else 18):
            return self.node(kind, [x, self.number(axes, np.int64)], output, keepdims=1)
        return self.node(kind, [x], output, axes=list(axes), keepdims=1)

    def model(self) -> onnx.ModelProto:
        """Returns the model as rewritten, without nodes and constants that nothing reads."""
        graph = self._model.graph
        read = {value.name for value in graph.output}
        nodes = []
        for node in reversed(self._nodes):
            if read & set(node.output):
                nodes.append(node)
                read |= _read(node)
        inputs = [value for value in graph.input if value.name not in self.constants]
        made = helper.make_graph(
            nodes[::-1],
            graph.name,
            inputs,
            graph.output,
            [
                numpy_helper.from_array(array, name)
                for name, array in self.constants.items()
                if name in read
            ],
        )
        copy = onnx.ModelProto()
        copy.CopyFrom(onnx.ModelProto(ir_version=self._model.ir_version))
        copy.opset_import.extend(self._model.opset_import)
        copy.graph.CopyFrom(made)
        return copy

    def _named(self, kind: str) -> str:
        self._count += 1
        taken = f"{self._within}/{kind} {self._count}"
        while taken in self.constants or taken in self._shapes:
            self._count += 1
            taken = f"{self._within}/{kind} {self._count}"
        return taken


def _read(node: onnx.NodeProto) -> set[str]:
    names = set(node.input)
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                names |= _read(inner)
            names |= {value.name for value in graph.output}
    return names

"""An ONNX graph under construction, whose every choice hypothesis draws."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from kernels.trace.layout import Array

T = TypeVar("T")

KINDS = {"float": TensorProto.FLOAT, "bool": TensorProto.BOOL, "int64": TensorProto.INT64}
MAX_ELEMENTS = 4_096


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the graph; `kind` is float, bool or int64."""

    name: str
    shape: tuple[int, ...]
    kind: str = "float"

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)


@dataclass(slots=True)
class Sketch:
    """Nodes, constants and tensors so far.

    `draw` is hypothesis's. `random` makes the numbers of constants, from a seed that is drawn.
    """

    draw: Callable[[st.SearchStrategy[Any]], Any]
    random: np.random.Generator
    opset: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)

    def choice(self, options: Sequence[T]) -> T:
        """Draws one of the options; the first is the simplest."""
        found: T = self.draw(st.sampled_from(list(options)))
        return found

    def integer(self, low: int, high: int) -> int:
        """Draws an integer of low..high."""
        return int(self.draw(st.integers(low, high)))

    def chance(self) -> bool:
        """Draws a boolean; false is the simplest."""
        return bool(self.draw(st.booleans()))

    def input(self, shape: tuple[int, ...]) -> Tensor:
        """Adds a float input."""
        made = Tensor(f"x{len(self.inputs)}", shape)
        self.inputs.append(made)
        self.tensors.append(made)
        return made

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Adds a constant and returns its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, dtype, order="C"), name))
        return name

    def numbers(self, shape: tuple[int, ...], scale: float = 1.0, around: float = 0.0) -> Array:
        """Returns normal numbers, float32."""
        return np.asarray(self.random.normal(around, scale, shape), np.float32)

    def node(
        self,
        kind: str,
        inputs: Sequence[Tensor | str],
        shape: tuple[int, ...],
        result: str = "float",
        **attributes: Any,
    ) -> Tensor:
        """Adds a node of one output and returns the output."""
        return self.outputs(kind, inputs, [shape], result, **attributes)[0]

    def outputs(
        self,
        kind: str,
        inputs: Sequence[Tensor | str],
        shapes: Sequence[tuple[int, ...] | None],
        result: str = "float",
        **attributes: Any,
    ) -> list[Tensor]:
        """Adds a node and returns its outputs; an output without a shape is left out."""
        number = len(self.nodes)
        names = [each.name if isinstance(each, Tensor) else each for each in inputs]
        made = [
            None if shape is None else Tensor(f"t{number}_{at}", shape, result)
            for at, shape in enumerate(shapes)
        ]
        outputs = ["" if each is None else each.name for each in made]
        self.nodes.append(helper.make_node(kind, names, outputs, f"n{number}", **attributes))
        found = [each for each in made if each is not None]
        self.tensors.extend(found)
        return found

    def axis(self, x: Tensor) -> tuple[int, int]:
        """Draws an axis; returns it as an attribute may write it, and as a position."""
        at = self.integer(0, x.rank - 1)
        return (at - x.rank if self.chance() else at), at

    def broadcast(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Draws a shape that broadcasts to the given one."""
        kept = tuple(1 if self.chance() else size for size in shape)
        return kept[self.integer(0, len(shape)) :]

    def like(self, x: Tensor) -> Tensor | str:
        """Draws another operand: a float tensor that broadcasts to x, or a constant."""
        others = [
            each
            for each in self.tensors
            if each.kind == "float" and _broadcasts(each.shape, x.shape)
        ]
        if others and self.chance():
            return self.choice(others)
        return self.constant(self.numbers(self.broadcast(x.shape), self.choice((1.0, 0.1, 30.0))))

    def reshaped(self, x: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Adds a Reshape where the shape differs."""
        if shape == x.shape:
            return x
        return self.node("Reshape", [x, self.constant(shape, np.int64)], shape)

    def with_rank(self, x: Tensor, rank: int) -> Tensor:
        """Returns x with this many axes: leading axes of 1 are added, or leading axes merged."""
        if x.rank < rank:
            return self.reshaped(x, (1,) * (rank - x.rank) + x.shape)
        lead = x.rank - rank + 1
        return self.reshaped(x, (prod(x.shape[:lead]), *x.shape[lead:]))

    def model(self, outputs: Sequence[Tensor]) -> onnx.ModelProto:
        """Returns the checked model; nodes that reach no output are left out."""
        wanted = {each.name for each in outputs}
        kept = []
        for node in reversed(self.nodes):
            if wanted & set(node.output):
                kept.append(node)
                wanted |= set(node.input)
        graph = helper.make_graph(
            kept[::-1],
            "random",
            [_port(each) for each in self.inputs if each.name in wanted],
            [_port(each) for each in outputs],
            [each for each in self.constants if each.name in wanted],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.checker.check_model(made, full_check=True)
        return made


def _port(tensor: Tensor) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(tensor.name, KINDS[tensor.kind], tensor.shape)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False

"""A model of one node under construction, whose every choice hypothesis draws."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from kernels.onnx.tolerant.element import Array

T = TypeVar("T")

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0)
SPREADS = ("plain", "eighths", "special", "wide")


@dataclass(slots=True)
class Draft:
    """Inputs, constants and nodes so far.

    `random` makes the numbers, from a seed that is drawn.
    """

    draw: Callable[[st.SearchStrategy[Any]], Any]
    random: np.random.Generator
    opset: int
    feeds: dict[str, Array] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    nodes: list[onnx.NodeProto] = field(default_factory=list)

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

    def shape(self, low: int = 0, high: int = 4, most: int = 5) -> tuple[int, ...]:
        """Draws a shape of low..high axes of 1..most."""
        return tuple(self.integer(1, most) for _ in range(self.integer(low, high)))

    def broadcast(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Draws a shape that broadcasts to the given one."""
        kept = tuple(1 if self.chance() else length for length in shape)
        return kept[self.integer(0, len(shape)) :]

    def axis(self, rank: int) -> int:
        """Draws an axis, which may count from the end."""
        return self.integer(-rank, rank - 1)

    def values(
        self, shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32, spread: str | None = None
    ) -> Array:
        """Returns numbers of a spread that is drawn unless given."""
        kind = np.dtype(dtype)
        if kind.kind == "b":
            return np.asarray(self.random.random(shape) < 0.5)
        if kind.kind in "iu":
            low = 0 if kind.kind == "u" else -9
            return self.random.integers(low, 10, shape).astype(kind)
        spread = spread or self.choice(SPREADS)
        found = np.asarray(self.random.normal(0, 3, shape))
        if spread == "eighths":
            found = np.rint(found * 8) / 8
        elif spread == "special":
            taken = self.random.random(shape) < 0.4
            found = np.where(taken, self.random.choice(SPECIAL, shape), found)
        elif spread == "wide":
            found = np.sign(found) * 10 ** self.random.uniform(-4, 4, shape)
        elif spread == "huge":
            found = np.sign(found) * 10 ** self.random.uniform(20, 38, shape)
        with np.errstate(over="ignore"):
            return np.asarray(found.astype(np.float32).astype(kind))

    def input(self, array: Array) -> str:
        """Adds an input and returns its name."""
        name = f"x{len(self.feeds)}"
        self.feeds[name] = np.asarray(array)
        return name

    def constant(self, array: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> str:
        """Adds a constant and returns its name."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(array, dtype)
        return name

    def operand(self, array: Array) -> str:
        """Adds an input or a constant and returns its name."""
        return self.constant(array) if self.chance() else self.input(array)

    def ints(self, *values: int) -> str:
        """Adds a constant vector of int64 and returns its name."""
        return self.constant(np.array(values, np.int64))

    def node(
        self, operator: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any
    ) -> None:
        """Adds the node; its outputs are those of the model."""
        names = [f"y{at}" for at in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, **attributes))

    def model(self) -> onnx.ModelProto:
        """Returns the model, checked."""
        graph = helper.make_graph(
            self.nodes,
            "random",
            [
                helper.make_tensor_value_info(
                    name, helper.np_dtype_to_tensor_dtype(each.dtype), each.shape
                )
                for name, each in self.feeds.items()
            ],
            [onnx.ValueInfoProto(name=name) for name in self.nodes[-1].output if name],
            [numpy_helper.from_array(each, name) for name, each in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        # Inference tells the types of the outputs, and refuses what is not a node of the opset.
        return onnx.shape_inference.infer_shapes(made, check_type=True, strict_mode=True)

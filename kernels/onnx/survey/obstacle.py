"""What a survey finds."""

from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from kernels.onnx.reading.shapes import Shape, fixed, graphs, inferred, shape_of

MOST_OBSTACLES = 64


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A node that a class cannot run. `shape` is that of its first output, None if unknown."""

    node: str
    operator: str
    shape: Shape | None
    why: str


@dataclass(frozen=True, slots=True)
class Survey:
    """Whether a class can run a model.

    `reason` says why not, or what is unknown, and is None where it can; `obstacles` are the nodes
    that stand in the way. `calibrated` tells that an exact graph needs samples of the inputs.
    """

    possible: bool
    reason: str | None = None
    obstacles: tuple[Obstacle, ...] = ()
    calibrated: bool = False


def values_of(model: onnx.ModelProto) -> dict[str, onnx.ValueInfoProto]:
    """Returns the inferred type and shape of every tensor by name, as far as they are known."""
    return {
        value.name: value
        for each in graphs(inferred(model))
        for value in (*each.input, *each.output, *each.value_info)
        if value.type.HasField("tensor_type")
    }


def shape_among(values: Mapping[str, onnx.ValueInfoProto], name: str) -> Shape | None:
    """Returns a tensor's shape, None where it is unknown."""
    value = values.get(name)
    if value is None or not value.type.tensor_type.HasField("shape"):
        return None
    return shape_of(value)


def is_fixed(values: Mapping[str, onnx.ValueInfoProto], name: str) -> bool:
    """Returns whether a tensor's type and shape are known."""
    known = fixed(shape_among(values, name)) is not None
    return known and values[name].type.tensor_type.elem_type != onnx.TensorProto.UNDEFINED


def told(obstacles: tuple[Obstacle, ...]) -> str:
    """Returns a sentence that counts the operators in the way."""
    kinds = sorted({each.operator for each in obstacles})
    nodes = "1 node" if len(obstacles) == 1 else f"{len(obstacles)} nodes"
    return f"{nodes} cannot be run: {', '.join(kinds)}"

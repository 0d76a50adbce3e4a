"""Makes a kernel package of a float model: several stages, with the weights as job inputs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import onnx

from kernels.custom.buffer import Buffer, Role, Stage
from kernels.custom.element import Element, Tolerance
from kernels.custom.package import KernelPackage
from kernels.onnx.reading import OpenAxes, input_shapes
from kernels.onnx.tolerant.element import ELEMENTS, Array
from kernels.onnx.tolerant.errors import BadInput, UnsupportedOperator
from kernels.onnx.tolerant.lowering import lower
from kernels.onnx.tolerant.node import element_of
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.value import Shape, Value

VERSION = 1
# The buffer size that every WebGPU adapter can bind.
MAX_BYTES = 1 << 27
_ELEMENTS = {"f32": Element.F32, "i32": Element.I32, "u32": Element.I32}


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name, shape and element type in ONNX.

    On the device every element is one 32-bit lane: float32, int32 or uint32.
    """

    name: str
    shape: Shape
    type: str

    def encode(self, array: Array) -> bytes:
        """Returns a job input's bytes.

        Raises BadInput when shape or type differ or values do not fit.
        """
        element = next(each for each in ELEMENTS.values() if each.name == self.type)
        if array.shape != self.shape or array.dtype != element.numpy:
            raise BadInput(
                f"{self.name!r} is {array.dtype} {array.shape}, not {self.type} {self.shape}"
            )
        if not element.holds(array):
            raise BadInput(f"{self.name!r} holds values that do not fit 32 bits")
        return element.to_lanes(array).tobytes()

    def decode(self, data: bytes) -> Array:
        """Returns the tensor in an output's bytes."""
        element = next(each for each in ELEMENTS.values() if each.name == self.type)
        return element.from_lanes(np.frombuffer(data, element.lane_numpy), self.shape)


@dataclass(frozen=True, slots=True)
class Packaged:
    """A package and its interface; the job's data are the inputs in order, then the weights."""

    package: KernelPackage
    inputs: tuple[Port, ...]
    output: Port
    weights: tuple[Array, ...]

    def as_json(self) -> dict[str, Any]:
        """Returns the JSON document that is written beside a package."""
        return {
            "version": VERSION,
            "inputs": [asdict(port) for port in self.inputs],
            "output": asdict(self.output),
        }


def ports_of_json(document: Mapping[str, Any]) -> tuple[tuple[Port, ...], Port]:
    """Returns inputs and output from `Packaged.as_json`'s document; raises BadInput otherwise."""
    try:
        if document["version"] != VERSION:
            raise BadInput(f"version {document['version']} is not {VERSION}")
        return tuple(map(_port, document["inputs"])), _port(document["output"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"not the description of a package's tensors: {error}") from error


def _port(document: Mapping[str, Any]) -> Port:
    shape = tuple(int(axis) for axis in document["shape"])
    found = Port(str(document["name"]), shape, str(document["type"]))
    if all(each.name != found.type for each in ELEMENTS.values()):
        raise BadInput(f"{found.type!r} is not an element type")
    return found


def package(
    model: onnx.ModelProto, name: str, shapes: Mapping[str, Shape], tolerance: Tolerance
) -> Packaged:
    """Returns the package of a checked model with one output.

    `shapes` sizes inputs with open axes, or axes by name. Raises UnsupportedOperator, BadInput, and
    PackageError when it exceeds a package's limits.
    """
    plan = Plan(MAX_BYTES, pooled=True)
    held = {tensor.name for tensor in model.graph.initializer}
    ports = [port for port in model.graph.input if port.name not in held]
    sizes = _sizes(model, shapes)
    inputs = {port.name: _reserved(port, sizes, plan) for port in ports}
    outputs = lower(model, dict(inputs), plan)
    if len(outputs) != 1:
        raise UnsupportedOperator("outputs", f"the model has {len(outputs)}, but a package has one")
    ((output_name, output),) = outputs
    if output.buffer is None or plan.buffers[output.buffer].read_only:
        raise UnsupportedOperator("outputs", "no stage computes the output")
    if plan.buffers[output.buffer].words != output.size:
        raise UnsupportedOperator("outputs", "the output is empty")
    plan.prune([output.buffer])
    buffers, places = _arranged(plan, output)
    sources = list(dict.fromkeys(stage.source for stage in plan.stages))
    stages = tuple(
        Stage(
            sources.index(stage.source),
            "main",
            stage.workgroups,
            tuple(places[at] for at in stage.buffers),
        )
        for stage in plan.stages
    )
    weights = tuple(each.lanes for each in plan.buffers if each.lanes is not None)
    return Packaged(
        KernelPackage(name, tuple(sources), buffers, stages, tolerance),
        tuple(Port(key, value.shape, value.element.name) for key, value in inputs.items()),
        Port(output_name, output.shape, output.element.name),
        weights,
    )


def _sizes(model: onnx.ModelProto, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    try:
        return input_shapes(model, shapes)
    except OpenAxes as error:
        raise BadInput(str(error)) from error


def _reserved(port: onnx.ValueInfoProto, sizes: Mapping[str, Shape], plan: Plan) -> Value:
    if port.name not in sizes:
        raise UnsupportedOperator("input", f"{port.name!r} is not a tensor")
    return plan.input(sizes[port.name], element_of(port.type.tensor_type.elem_type, "input"))


def _arranged(plan: Plan, output: Value) -> tuple[tuple[Buffer, ...], dict[int, int]]:
    """Returns the inputs, weights and output, and as few scratch buffers as the stages need."""
    used = {at for stage in plan.stages for at in stage.buffers}
    given = [at for at, each in enumerate(plan.buffers) if each.given]
    weights = [at for at, each in enumerate(plan.buffers) if each.lanes is not None]
    if idle := [at for at in (*given, *weights) if at not in used]:
        raise UnsupportedOperator("inputs", f"{len(idle)} of them have no effect")
    assert output.buffer is not None
    order = [*given, *weights, output.buffer]
    places = {at: place for place, at in enumerate(order)}
    roles = [Role.INPUT] * (len(given) + len(weights)) + [Role.OUTPUT]
    last = {at: number for number, stage in enumerate(plan.stages) for at in stage.buffers}
    slots: list[int] = []
    free: list[int] = []
    for number, stage in enumerate(plan.stages):
        target = stage.buffers[-1]
        if target not in places:
            slot = free.pop() if free else len(slots)
            if slot == len(slots):
                slots.append(0)
            slots[slot] = max(slots[slot], plan.buffers[target].words)
            places[target] = len(order) + slot
        done = {at for at in stage.buffers if last[at] == number and places[at] >= len(order)}
        free += [places[at] - len(order) for at in done]
    buffers = [
        Buffer(4 * plan.buffers[at].words, _ELEMENTS[plan.buffers[at].lane], role)
        for at, role in zip(order, roles, strict=True)
    ]
    buffers += [Buffer(4 * words, Element.F32, Role.SCRATCH) for words in slots]
    return tuple(buffers), places

"""Makes a kernel package of a float model: several stages, with the weights as job inputs."""

from collections.abc import Mapping, Sequence
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

VERSION = 2
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
    outputs: tuple[Port, ...]
    weights: tuple[Array, ...]
    unused: tuple[str, ...] = ()
    """The model's inputs that have no effect; the package leaves them out."""

    def as_json(self) -> dict[str, Any]:
        """Returns the JSON document that is written beside a package."""
        return {
            "version": VERSION,
            "inputs": [asdict(port) for port in self.inputs],
            "outputs": [asdict(port) for port in self.outputs],
        }


def ports_of_json(document: Mapping[str, Any]) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Returns inputs and outputs from `Packaged.as_json`'s document; raises BadInput otherwise."""
    try:
        if document["version"] != VERSION:
            raise BadInput(f"version {document['version']} is not {VERSION}")
        return tuple(map(_port, document["inputs"])), tuple(map(_port, document["outputs"]))
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
    """Returns the package of a checked model.

    `shapes` sizes inputs with open axes, or axes by name. `tolerance` is for outputs of floats;
    those of integers are compared exactly. Inputs without an effect are left out. Raises
    UnsupportedOperator, BadInput, and PackageError when it exceeds a package's limits.
    """
    plan = Plan(MAX_BYTES, pooled=True)
    held = {tensor.name for tensor in model.graph.initializer}
    ports = [port for port in model.graph.input if port.name not in held]
    sizes = _sizes(model, shapes)
    inputs = {port.name: _reserved(port, sizes, plan) for port in ports}
    outputs = _written(dict(lower(model, dict(inputs), plan)), plan)
    wanted = [value.buffer for value in outputs.values() if value.buffer is not None]
    plan.close(wanted)
    used = {at for stage in plan.stages for at in stage.buffers}
    taken = {key: value for key, value in inputs.items() if value.buffer in used}
    buffers, places = _arranged(plan, list(outputs.items()), tolerance)
    sources = list(dict.fromkeys(stage.source for stage in plan.stages))
    stages = tuple(
        Stage(
            sources.index(stage.source),
            "main",
            stage.workgroups,
            tuple(places[at] for at in stage.buffers),
            tuple(4 * word for word in stage.offsets) if any(stage.offsets) else (),
        )
        for stage in plan.stages
    )
    weights = tuple(each.lanes for each in plan.buffers if each.lanes is not None)
    floats = any(value.element.is_float for value in outputs.values())
    return Packaged(
        KernelPackage(name, tuple(sources), buffers, stages, tolerance if floats else Tolerance()),
        _ports(taken),
        _ports(outputs),
        weights,
        tuple(key for key in inputs if key not in taken),
    )


def _ports(values: Mapping[str, Value]) -> tuple[Port, ...]:
    return tuple(Port(key, value.shape, value.element.name) for key, value in values.items())


def _written(outputs: dict[str, Value], plan: Plan) -> dict[str, Value]:
    """Returns the outputs, each in a buffer of its own that a stage writes and none else reads.

    Constants, inputs, and tensors that are two outputs are copied.
    """
    taken: set[int] = set()
    found = {}
    for name, given in outputs.items():
        if not given.size:
            raise UnsupportedOperator("outputs", f"{name!r} is empty")
        value, own = given, plan.upload(given)
        held = plan.buffers[own]
        if own in taken or held.read_only or held.words != given.size:
            value = plan.emit([given], given.shape, given.element, "let r = $0[i];", given.bounds)
            own = plan.upload(value)
        taken.add(own)
        found[name] = value
    return found


def _sizes(model: onnx.ModelProto, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    try:
        return input_shapes(model, shapes)
    except OpenAxes as error:
        raise BadInput(str(error)) from error


def _reserved(port: onnx.ValueInfoProto, sizes: Mapping[str, Shape], plan: Plan) -> Value:
    if port.name not in sizes:
        raise UnsupportedOperator("input", f"{port.name!r} is not a tensor")
    return plan.input(sizes[port.name], element_of(port.type.tensor_type.elem_type, "input"))


def _arranged(
    plan: Plan, outputs: Sequence[tuple[str, Value]], tolerance: Tolerance
) -> tuple[tuple[Buffer, ...], dict[int, int]]:
    """Returns the inputs, weights and outputs, and as few scratch buffers as the stages need."""
    used = {at for stage in plan.stages for at in stage.buffers}
    given = [at for at, each in enumerate(plan.buffers) if each.given and at in used]
    weights = [at for at, each in enumerate(plan.buffers) if each.lanes is not None]
    written = [value.buffer for _, value in outputs if value.buffer is not None]
    order = [*given, *weights, *written]
    places = {at: place for place, at in enumerate(order)}
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

    def sized(at: int, role: Role, *named: Any) -> Buffer:
        buffer = plan.buffers[at]
        return Buffer(4 * buffer.words, _ELEMENTS[buffer.lane], role, *named)

    # Outputs of integers differ from the package's tolerance only beside floats.
    exact = Tolerance() if any(value.element.is_float for _, value in outputs) else None
    several = len(outputs) > 1
    buffers = [sized(at, Role.INPUT) for at in (*given, *weights)]
    buffers += [
        sized(
            at,
            Role.OUTPUT,
            name if several else None,
            None if value.element.is_float else exact,
        )
        for at, (name, value) in zip(written, outputs, strict=True)
    ]
    buffers += [Buffer(4 * words, Element.F32, Role.SCRATCH) for words in slots]
    return tuple(buffers), places

"""Makes a kernel package of a float model: several stages, with the weights as job inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import onnx

from kernels.custom.buffer import Buffer, Role, Stage
from kernels.custom.element import Element, Tolerance
from kernels.custom.package import KernelPackage
from kernels.onnx.tolerant.element import ELEMENTS, Array
from kernels.onnx.tolerant.errors import BadInput, UnsupportedOperator
from kernels.onnx.tolerant.lowering import lower
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.ports import Port, ports_of, reserved
from kernels.onnx.tolerant.value import Shape, Value

VERSION = 2
# It knew one output.
FORMER_VERSION = 1
# The buffer size that every WebGPU adapter can bind.
MAX_BYTES = 1 << 27
_ELEMENTS = {"f32": Element.F32, "i32": Element.I32, "u32": Element.I32}


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
            "unused": list(self.unused),
        }


@dataclass(frozen=True, slots=True)
class Ports:
    """A model's inputs and outputs in order, and the inputs that have no effect."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    unused: tuple[str, ...]


def ports_of_json(document: Mapping[str, Any]) -> Ports:
    """Returns what `Packaged.as_json`'s document describes; raises BadInput otherwise."""
    try:
        if document["version"] == FORMER_VERSION:
            return Ports(tuple(map(_port, document["inputs"])), (_port(document["output"]),), ())
        if document["version"] != VERSION:
            raise BadInput(
                f"version {document['version']} is not {VERSION}: import the model again"
            )
        return Ports(
            tuple(map(_port, document["inputs"])),
            tuple(map(_port, document["outputs"])),
            tuple(map(str, document["unused"])),
        )
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
    inputs = reserved(model, shapes, plan)
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
        ports_of(taken),
        ports_of(outputs),
        weights,
        tuple(key for key in inputs if key not in taken),
    )


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

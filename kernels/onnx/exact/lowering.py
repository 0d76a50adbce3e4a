"""Walks a network node by node and appends the operators that compute it exactly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kernels.codes import InputKind
from kernels.graph import Graph, GraphError, narrowed
from kernels.graph.narrowing import Narrowed
from kernels.onnx.exact.emitter import Emitter
from kernels.onnx.exact.errors import FormError, LoweringError
from kernels.onnx.exact.interface import Interface, Port
from kernels.onnx.exact.network import (
    QUANTISE,
    Network,
    NetworkInput,
    NetworkOutput,
    Node,
    Quantisation,
    Real,
    Weights,
)
from kernels.onnx.exact.tensor import Tensor, stored_shape
from kernels.trace import DType
from kernels.trace.layout import Array

INDICES = ("int32", "int64")
INDEX_READERS = {
    "Cast",
    "Equal",
    "Gather",
    "Greater",
    "GreaterOrEqual",
    "Identity",
    "Less",
    "LessOrEqual",
    "Reshape",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
}

Handler = Callable[["Lowering", Node], None]


@dataclass(frozen=True, slots=True)
class Lowered:
    """An exact graph, and how real numbers enter and leave it.

    `detailed` has the same results and also computes what is merged in the graph. `network` is what
    both compute, and `tensors` are those of the network that `detailed` has, by name.
    """

    graph: Graph
    interface: Interface
    detailed: Graph
    network: Network
    tensors: Mapping[str, Tensor]


class Lowering:
    """The lowering of one network; handlers read and write its tensors."""

    def __init__(self, network: Network, handlers: Mapping[str, Handler]) -> None:
        self.network = network
        self.emit = Emitter()
        self._handlers = handlers
        self._tensors: dict[str, Tensor] = {}

    def run(self) -> Lowered:
        """Returns the exact graph; raises LoweringError naming a node that has no exact form."""
        ports = [self._input(entry) for entry in self.network.inputs if self._matters(entry)]
        self._lower_nodes()
        outputs = self._results()
        kept = [ports[number] for number in self.emit.build.drop_unread_inputs()]
        if not kept:
            raise LoweringError("outputs", "none of them depends on an input")
        ends = [port.operator for port in outputs if port.operator is not None]
        detailed, merged = self._built(ends)
        places = [merged.places[end] for end in ends]
        moved = zip(outputs, places, strict=True)
        outputs = tuple(replace(port, operator=place) for port, place in moved)
        graph = merged.graph
        seen = zip(kept, graph.inputs, strict=True)
        # A graph's input takes the shape in which the first operator reads it.
        taken = tuple(replace(port, job_shape=spec.shape) for port, spec in seen)
        names = {port.name for port in taken}
        unused = tuple(each.name for each in self.network.inputs if each.name not in names)
        interface = Interface(taken, outputs, unused)
        return Lowered(graph, interface, detailed, self.network, self._held(kept != ports))

    def _built(self, ends: Sequence[int]) -> tuple[Graph, Narrowed]:
        """Returns the graph in detail, and merged with the outputs of some operators kept."""
        try:
            detailed = self.emit.build.build(bounded=False)
            return detailed, narrowed(detailed, ends)
        except GraphError as error:
            raise LoweringError(
                "graph",
                f"{error.message}; split the model into parts that follow each other, or run the "
                "float model as a tolerant job",
            ) from error

    def _held(self, renumbered: bool) -> dict[str, Tensor]:
        """Returns the tensors; without the inputs where these were numbered anew."""
        return {
            name: tensor
            for name, tensor in self._tensors.items()
            if not renumbered or tensor.value.source.kind is not InputKind.JOB_INPUT
        }

    def _lower_nodes(self) -> None:
        """Lowers every node; raises LoweringError naming all those that have no exact form.

        A node that reads the result of such a node is passed over.
        """
        errors: list[LoweringError] = []
        missing: set[str] = set()
        for node in self.network.nodes:
            try:
                if missing.isdisjoint(node.inputs):
                    self._lower(node)
                    continue
            except LoweringError as error:
                errors.append(error)
            missing.update(node.outputs)
        if errors:
            raise LoweringError.of(errors)

    def _lower(self, node: Node) -> None:
        handler = self._handlers.get(node.kind)
        if handler is None:
            raise LoweringError(
                node.label,
                "no exact form; leave it out of the exported graph, or run the float model as "
                "a tolerant job",
            )
        try:
            handler(self, node)
        except GraphError as error:
            raise LoweringError(node.label, error.message) from error
        except FormError as error:
            raise LoweringError(node.label, str(error)) from error

    def tensor(self, node: Node, position: int = 0) -> Tensor:
        """Returns a computed operand; raises LoweringError for a constant."""
        name = node.inputs[position]
        if name not in self._tensors:
            raise LoweringError(
                node.label, f"input {name!r} is a constant; export with constants folded"
            )
        return self._tensors[name]

    def computed(self, name: str) -> bool:
        """Returns whether a tensor is computed, so not a constant."""
        return name in self._tensors

    def shape(self, name: str) -> tuple[int, ...]:
        """Returns the shape of a computed tensor."""
        return self._tensors[name].shape

    def int8(self, node: Node, position: int = 0) -> Tensor:
        """Returns an operand as int8 with one scale, in its calibrated form if it needs conversion.

        Raises LoweringError where the operand has no calibrated form.
        """
        tensor = self.tensor(node, position)
        if tensor.dtype is DType.INT8 and not tensor.per_channel:
            return tensor
        name = node.inputs[position]
        target = self.wanted(name)
        if target is None:
            raise LoweringError(
                node.label,
                f"input {name!r} has no scale; quantise it (QuantizeLinear), or use "
                "`neurolov model quantise` with a calibration set",
            )
        return self.emit.int8(tensor, target)

    def copied(self, node: Node) -> Tensor:
        """Returns the first operand in the form in which copies take the fewest bytes.

        That is int8 where calibration found such a form.
        """
        tensor = self.tensor(node)
        known = self.wanted(node.inputs[0]) is not None
        return self.int8(node) if known and tensor.dtype is DType.INT32 else tensor

    def constant(self, node: Node, position: int) -> Array | Weights:
        """Returns an operand that is known before the job runs; raises LoweringError otherwise."""
        name = node.inputs[position]
        found = self.network.constants.get(name)
        if found is None:
            raise LoweringError(node.label, f"input {name!r} must be a constant")
        return found

    def real(self, node: Node, position: int) -> Real:
        """Returns the real numbers of a constant, float64."""
        found = self.constant(node, position)
        return found.real if isinstance(found, Weights) else np.asarray(found, np.float64)

    def has(self, node: Node, position: int) -> bool:
        """Returns whether an optional operand is given."""
        return position < len(node.inputs) and node.inputs[position] != ""

    def integers(self, node: Node, position: int) -> list[int]:
        """Returns a constant of integers, such as a shape, axes or starts."""
        return [int(each) for each in np.atleast_1d(self.real(node, position))]

    def wanted(self, name: str) -> Quantisation | None:
        """Returns the int8 form that a tensor's readers want or calibration found, or None.

        An output has no form of its readers, which may cut off what they do not need.
        """
        readers = [] if self.network.is_output(name) else self.network.consumers(name)
        targets: set[Quantisation] = {
            node.attributes["target"] for node in readers if node.kind == QUANTISE
        }
        if len(targets) == 1 and all(node.kind == QUANTISE for node in readers):
            return next(iter(targets))
        return self.network.quantisations.get(name)

    def peak(self, name: str) -> float | None:
        """Returns the largest magnitude that calibration saw, or None where it saw only zeros."""
        return self.network.peaks.get(name) or None

    def put(self, node: Node, tensor: Tensor, output: int = 0) -> None:
        """Sets one of the node's outputs to this tensor."""
        self._tensors[node.outputs[output]] = tensor

    def _matters(self, entry: NetworkInput) -> bool:
        return bool(self.network.consumers(entry.name)) or self.network.is_output(entry.name)

    def _input(self, entry: NetworkInput) -> Port:
        shape = stored_shape(entry.shape)
        if entry.columns is not None:
            value = self.emit.build.input(shape, DType.INT32)
            self._tensors[entry.name] = Tensor.dense(value, entry.shape, entry.columns)
            scales = entry.columns.tolist()
            return Port(entry.name, entry.shape, shape, DType.INT32, scales, 0, entry.stored)
        found = entry.quantisation
        if found is None:
            self._require_indices(entry)
            shape = (shape[0] * shape[1], shape[2], shape[3], 1)
            value = self.emit.build.input(shape, DType.INT32)
            self._tensors[entry.name] = Tensor.dense(value, entry.shape, 1.0)
            return Port(entry.name, entry.shape, shape, DType.INT32, 1.0, 0, entry.stored)
        value = self.emit.build.input(shape, DType.INT8)
        tensor = Tensor.dense(value, entry.shape, found.scale, found.zero_point)
        self._tensors[entry.name] = tensor
        return Port(
            entry.name,
            entry.shape,
            shape,
            DType.INT8,
            found.scale,
            found.zero_point,
            entry.stored,
        )

    def _require_indices(self, entry: NetworkInput) -> None:
        readers = {node.kind for node in self.network.consumers(entry.name)}
        if entry.stored not in INDICES:
            raise LoweringError(
                f"input {entry.name!r}",
                "has no scale; quantise it (QuantizeLinear), or use `neurolov model quantise` with "
                "a calibration set",
            )
        if not readers <= INDEX_READERS:
            raise LoweringError(
                f"input {entry.name!r}",
                "integers are read only as indices of Gather, by comparisons and by Cast",
            )

    def _results(self) -> tuple[Port, ...]:
        """Returns the outputs' ports, each of an operator of its own.

        The only output is that of the last operator.
        """
        taken: set[int] = set()
        ports = []
        for output in self.network.outputs:
            ports.append(port := self._result(output, taken))
            assert port.operator is not None
            taken.add(port.operator)
        return tuple(ports)

    def _result(self, output: NetworkOutput, taken: set[int]) -> Port:
        name = output.name
        if name not in self._tensors:
            raise LoweringError(f"output {name!r}", "it does not depend on an input; leave it out")
        tensor = self._tensors[name]
        shape = stored_shape(tensor.shape)
        try:
            last = self.emit.arranged(tensor, shape)
        except FormError as error:
            raise LoweringError(f"output {name!r}", str(error)) from error
        source = last.value.source
        computed = source.kind is InputKind.OPERATOR_OUTPUT and source.index not in taken
        only = len(self.network.outputs) == 1
        if not computed or (only and not self.emit.is_last(last.value)):
            steps = tuple(np.empty(shape, np.int8).strides)
            if last.per_channel:
                last = self.emit.int32(last)
            value = self.emit.build.as_strided(last.value, shape, steps)
            last = last.rewritten(value, zero_point=last.zero_point)
        return Port(
            name,
            tensor.shape,
            shape,
            last.dtype,
            last.scale.tolist(),
            last.zero_point,
            output.stored,
            last.value.source.index,
        )

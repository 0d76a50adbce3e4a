"""A graph or package whose tensors are described beside it, as an import writes them.

The description tells how the model's inputs become those of the work, and how its outputs come back
from the result.
"""

import json
from collections.abc import Collection, Mapping
from math import prod
from pathlib import Path

import numpy as np

from keeper.cli.files import MalformedFileError
from keeper.cli.models.places import description_path, weights_path
from keeper.data import NamedOutput
from keeper.errors import BadInputError
from keeper.node.buying.results import Result
from kernels.custom import KernelPackage
from kernels.graph import Graph
from kernels.onnx.exact import Interface, InterfaceError
from kernels.onnx.tolerant import BadInput
from kernels.onnx.tolerant.packaging import Ports, ports_of_json
from kernels.trace.layout import Array

LANE_BYTES = 4


def read_interface(graph: Path) -> Interface:
    """Returns the description beside a graph file; raises MalformedFileError without one."""
    path = description_path(graph)
    try:
        return Interface.of_json(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise MalformedFileError(f"{path} does not describe a model's tensors: {error}") from error


class DescribedGraph:
    """A graph with the description of its tensors."""

    def __init__(self, path: Path, graph: Graph) -> None:
        """Raises MalformedFileError where the file beside the graph does not describe it."""
        self.interface = read_interface(path)
        if not _fits(self.interface, graph):
            found = description_path(path)
            raise MalformedFileError(f"{found} describes another graph than {path}")

    @property
    def outputs(self) -> tuple[NamedOutput, ...]:
        """What a job has to name; nothing where the model has one output, the last operator's."""
        ports = self.interface.outputs
        if len(ports) == 1:
            return ()
        return tuple(
            NamedOutput(port.name, port.operator) for port in ports if port.operator is not None
        )

    @property
    def result_bytes(self) -> int:
        """The most bytes that the outputs' arrays take."""
        return sum(
            prod(port.shape) * np.dtype(port.stored).itemsize for port in self.interface.outputs
        )

    def encode(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Returns a job's inputs.

        Raises BadInputError where a tensor is missing or does not fit.
        """
        ports = self.interface.inputs
        _require_known(feeds, [port.name for port in ports], self.interface.unused)
        try:
            return self.interface.encode(feeds)
        except InterfaceError as error:
            raise BadInputError(str(error)) from error

    def decode(self, result: Result) -> Result:
        """Returns a job's result in the model's own types."""
        ports = self.interface.outputs
        if not isinstance(result, dict):
            return self.interface.output.restore(result)
        return {port.name: port.restore(result[port.name]) for port in ports}


class DescribedPackage:
    """A kernel package with the description of its tensors, and its weights."""

    def __init__(self, path: Path, package: KernelPackage) -> None:
        """Raises MalformedFileError where a file beside the package is missing or of another."""
        try:
            self._ports = ports_of_json(json.loads(description_path(path).read_bytes()))
            self._weights = [
                np.load(weights_path(path, number), allow_pickle=False).tobytes()
                for number in range(len(package.inputs) - len(self._ports.inputs))
            ]
        except (OSError, ValueError) as error:
            raise MalformedFileError(
                f"{path} lacks what an import writes beside it: {error}"
            ) from error
        if not _packaged(self._ports, self._weights, package):
            raise MalformedFileError(
                f"{description_path(path)} describes another package than {path}"
            )

    def encode(self, feeds: Mapping[str, Array]) -> list[bytes]:
        """Returns a task's inputs, the weights among them.

        Raises BadInputError where a tensor is missing or does not fit.
        """
        _require_known(feeds, [port.name for port in self._ports.inputs], self._ports.unused)
        try:
            given = [port.encode(feeds[port.name]) for port in self._ports.inputs]
        except BadInput as error:
            raise BadInputError(str(error)) from error
        return [*given, *self._weights]

    def decode(self, result: Result) -> Result:
        """Returns a task's result in the model's own types."""
        ports = self._ports.outputs
        if not isinstance(result, dict):
            return ports[0].decode(result.tobytes())
        return {port.name: port.decode(result[port.name].tobytes()) for port in ports}

    def named(self, result: Result) -> dict[str, Array]:
        """Returns the outputs by name."""
        found = self.decode(result)
        return found if isinstance(found, dict) else {self._ports.outputs[0].name: found}


def _require_known(
    feeds: Mapping[str, Array], names: Collection[str], unused: Collection[str]
) -> None:
    if unknown := [name for name in feeds if name not in (*names, *unused)]:
        raise BadInputError(
            f"the model has no input {', '.join(unknown)}; it has {', '.join(names)}"
        )
    if missing := [name for name in names if name not in feeds]:
        raise BadInputError(f"no value for the inputs {', '.join(missing)}")


def _fits(interface: Interface, graph: Graph) -> bool:
    if len(interface.inputs) != len(graph.inputs):
        return False
    pairs = list(zip(interface.inputs, graph.inputs, strict=True))
    for port in interface.outputs:
        place = len(graph.outputs) - 1 if port.operator is None else port.operator
        if not 0 <= place < len(graph.outputs):
            return False
        pairs.append((port, graph.outputs[place]))
    return all(
        port.dtype is spec.dtype and prod(port.shape) == prod(port.job_shape) == prod(spec.shape)
        for port, spec in pairs
    )


def _packaged(ports: Ports, weights: list[bytes], package: KernelPackage) -> bool:
    given = [LANE_BYTES * prod(port.shape) for port in ports.inputs]
    sizes = [buffer.bytes for buffer in package.inputs]
    names = [output.name for output in package.outputs]
    several = len(names) > 1
    return (
        [*given, *map(len, weights)] == sizes
        and [LANE_BYTES * prod(port.shape) for port in ports.outputs]
        == [output.bytes for output in package.outputs]
        and (not several or [port.name for port in ports.outputs] == names)
    )

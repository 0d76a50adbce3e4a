"""What `neurolov model` can run: an ONNX file, or what was imported from one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import onnx

from keeper.cli.files import MalformedFileError, read_graph, read_kernel
from keeper.cli.models.described import DescribedGraph, DescribedPackage
from keeper.cli.models.files import read_onnx
from keeper.errors import BadInputError, KeeperError
from keeper.tolerant.roles.workload import result_of
from kernels.custom import PackageError, RunError, run_package
from kernels.graph import GraphError
from kernels.graph.file import MAGIC
from kernels.onnx.tolerant import BadInput, Prepared, TolerantRunner, UnsupportedOperator
from kernels.runtime import AdapterUnavailable, DeviceLimit, DeviceLost, GpuExecutor
from kernels.trace.layout import Array


class ModelRunError(KeeperError):
    """A model failed while it ran."""


class Runnable(Protocol):
    """Computes outputs by name from inputs by name."""

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Returns outputs by name.

        Raises BadInputError when the inputs do not fit, ModelRunError otherwise.
        """


def open_runnable(path: Path, adapter: str | None) -> Runnable:
    """Returns what a file holds, by its first bytes: an exact graph, a package, or ONNX.

    Raises MalformedFileError and ModelRunError.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        raise MalformedFileError(f"{path}: {error.strerror}") from error
    try:
        if start == MAGIC:
            return ExactGraph(path, adapter)
        if start.startswith(b"{"):
            return TolerantPackage(path, adapter)
        return OnnxModel(read_onnx(path), adapter)
    except AdapterUnavailable as error:
        raise ModelRunError(str(error)) from error


class OnnxModel:
    """An ONNX model; its plan and weights stay on the device for inputs of the same shapes."""

    def __init__(self, model: onnx.ModelProto, adapter: str | None) -> None:
        """Raises AdapterUnavailable."""
        self._model = model
        self._runner = TolerantRunner(adapter)
        self._shapes: dict[str, tuple[int, ...]] | None = None
        self._prepared: Prepared | None = None

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See Runnable."""
        try:
            self._prepare({name: array.shape for name, array in inputs.items()})
            if self._prepared is not None:
                return dict(self._prepared.run(inputs).outputs)
            return dict(self._runner.run(self._model, inputs).outputs)
        except (BadInput, UnsupportedOperator) as error:
            raise BadInputError(str(error)) from error
        except DeviceLost as error:
            raise ModelRunError(str(error)) from error

    def _prepare(self, shapes: dict[str, tuple[int, ...]]) -> None:
        if shapes == self._shapes:
            return
        if self._prepared is not None:
            self._prepared.release()
        self._shapes, self._prepared = shapes, None
        try:
            prepared = self._runner.prepare(self._model, shapes)
        except (BadInput, UnsupportedOperator):
            # An input's values may determine a shape: a run that knows them decides.
            return
        if {port.name for port in prepared.inputs} == shapes.keys():
            self._prepared = prepared
        else:
            prepared.release()


class TolerantPackage:
    """A kernel package, its weights, and the description beside it."""

    def __init__(self, path: Path, adapter: str | None) -> None:
        """Raises MalformedFileError."""
        self._adapter = adapter
        self._package = read_kernel(path)
        self._described = DescribedPackage(path, self._package)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See Runnable."""
        try:
            data = run_package(self._package, self._described.encode(inputs), self._adapter)
        except PackageError as error:
            raise BadInputError(str(error)) from error
        except (RunError, AdapterUnavailable) as error:
            raise ModelRunError(str(error)) from error
        return self._described.named(result_of(data, self._package.outputs))


class ExactGraph:
    """A graph file and the description of its tensors beside it."""

    def __init__(self, path: Path, adapter: str | None) -> None:
        """Raises AdapterUnavailable and MalformedFileError."""
        self._graph = read_graph(path)
        self._described = DescribedGraph(path, self._graph)
        self._executor = GpuExecutor(adapter)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See Runnable."""
        try:
            computed = self._executor.execute(self._graph, self._described.encode(inputs))
        except (GraphError, DeviceLimit) as error:
            raise BadInputError(str(error)) from error
        except DeviceLost as error:
            raise ModelRunError(str(error)) from error
        return self._described.interface.restore(computed)

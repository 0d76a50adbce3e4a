"""What `neurolov model` can run: an ONNX file, or what was imported from one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import onnx

from keeper.cli.files import MalformedFileError, read_graph, read_kernel
from keeper.cli.models.files import read_onnx
from keeper.cli.models.quantise import read_interface
from keeper.errors import BadInputError, KeeperError
from kernels.custom import PackageError, RunError, run_package, split
from kernels.graph import GraphError
from kernels.graph.file import MAGIC
from kernels.onnx.exact import InterfaceError
from kernels.onnx.tolerant import BadInput, TolerantRunner, UnsupportedOperator
from kernels.onnx.tolerant.packaging import ports_of_json
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
    """An ONNX model, lowered for the inputs of each run."""

    def __init__(self, model: onnx.ModelProto, adapter: str | None) -> None:
        """Raises AdapterUnavailable."""
        self._model = model
        self._runner = TolerantRunner(adapter)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See Runnable."""
        try:
            return dict(self._runner.run(self._model, inputs).outputs)
        except (BadInput, UnsupportedOperator) as error:
            raise BadInputError(str(error)) from error
        except DeviceLost as error:
            raise ModelRunError(str(error)) from error


class TolerantPackage:
    """A kernel package, its weights, and the description beside it."""

    def __init__(self, path: Path, adapter: str | None) -> None:
        self._adapter = adapter
        self._package = read_kernel(path)
        beside = path.with_name(f"{path.name}.json")
        try:
            self._inputs, self._outputs = ports_of_json(json.loads(beside.read_bytes()))
            self._weights = [
                np.load(weights_path(path, number), allow_pickle=False).tobytes()
                for number in range(len(self._package.inputs) - len(self._inputs))
            ]
        except (OSError, ValueError) as error:
            raise MalformedFileError(
                f"{path} lacks what an import writes beside it: {error}"
            ) from error

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See Runnable."""
        try:
            given = [port.encode(_present(inputs, port.name)) for port in self._inputs]
            data = run_package(self._package, [*given, *self._weights], self._adapter)
        except (BadInput, PackageError) as error:
            raise BadInputError(str(error)) from error
        except (RunError, AdapterUnavailable) as error:
            raise ModelRunError(str(error)) from error
        parts = split(data, self._package.outputs)
        return {
            port.name: port.decode(part)
            for port, (_, part) in zip(self._outputs, parts, strict=True)
        }


class ExactGraph:
    """A graph file and the description of its tensors beside it."""

    def __init__(self, path: Path, adapter: str | None) -> None:
        """Raises AdapterUnavailable."""
        self._graph = read_graph(path)
        self._interface = read_interface(path)
        self._executor = GpuExecutor(adapter)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """See Runnable."""
        try:
            given = self._interface.encode(inputs)
            computed = self._executor.execute(self._graph, given)
        except (InterfaceError, GraphError, DeviceLimit) as error:
            raise BadInputError(str(error)) from error
        except DeviceLost as error:
            raise ModelRunError(str(error)) from error
        return self._interface.restore(computed)


def weights_path(package: Path, number: int) -> Path:
    """Returns where the weights of an imported package are."""
    return package.with_name(f"{package.name}.weights-{number}.npy")


def _present(inputs: Mapping[str, Array], name: str) -> Array:
    if name not in inputs:
        raise BadInput(f"input {name!r} is missing")
    return inputs[name]

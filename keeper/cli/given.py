"""The tensors of a job or task that a user names: the work's own, or the model's by name.

`--input FILE` is an input of the work in its order and form. `--input NAME=FILE` is one of the
model's, in ONNX's type; the description that an import wrote beside the work encodes it, and
decodes the result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from keeper.cli.files import MalformedFileError, read_inputs, read_kernel_inputs
from keeper.cli.models.places import description_path
from keeper.data import NamedOutput
from keeper.node.buying.results import Result
from kernels.custom import KernelPackage
from kernels.graph import Graph
from kernels.trace.layout import Array

Decode = Callable[[Result], Result]


@dataclass(frozen=True, slots=True)
class Given:
    """A file of an input, and its name where it is one of the model's."""

    name: str | None
    path: Path


class GivenInput(click.ParamType[Given]):
    """FILE or NAME=FILE; a file that exists is never split."""

    name = "[name=]file"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> Given:
        """Returns the name, if there is one, and the path."""
        name, found, path = str(value).partition("=")
        if not found or Path(str(value)).exists():
            if Path(str(value)).is_dir():
                self.fail(f"{value!r} is a directory, not the file of an input", param, context)
            return Given(None, Path(str(value)))
        if not name or not path:
            self.fail(f"{value!r} is not NAME=FILE, such as image=image.npy", param, context)
        return Given(name, Path(path))


@dataclass(frozen=True, slots=True)
class JobTensors:
    """A job's inputs, its outputs by name, the bytes of its result, and how the result is read."""

    inputs: list[Array]
    outputs: tuple[NamedOutput, ...]
    result_bytes: int
    decode: Decode | None


def job_tensors(
    graph: Graph, path: Path, given: Sequence[Given], expected: Sequence[str]
) -> JobTensors:
    """Returns what a job takes and gives; raises BadInputError where the files do not fit."""
    named = _named(given)
    if named is None and not description_path(path).is_file():
        inputs = read_inputs(graph, [each.path for each in given], expected)
        return JobTensors(inputs, (), graph.outputs[-1].stored_bytes, None)
    # Most jobs have no description, and the formats of models take half a second to load.
    from keeper.cli.models.described import DescribedGraph  # noqa: PLC0415
    from keeper.cli.models.tensors import read_tensors  # noqa: PLC0415

    described = DescribedGraph(path, graph)
    if named is None:
        try:
            inputs = read_inputs(graph, [each.path for each in given], expected)
        except MalformedFileError as error:
            names = " ".join(f"--input {port.name}=FILE" for port in described.interface.inputs)
            raise MalformedFileError(f"{error}; for the model's own tensors: {names}") from error
        stored = sum(graph.outputs[each.operator].stored_bytes for each in described.outputs)
        size = stored or graph.outputs[-1].stored_bytes
        return JobTensors(inputs, described.outputs, size, None)
    if expected:
        raise MalformedFileError("--input-sha256 is of a job's own inputs: leave out the names")
    inputs = described.encode(read_tensors(named, None))
    return JobTensors(inputs, described.outputs, described.result_bytes, described.decode)


def task_tensors(
    package: KernelPackage, path: Path, given: Sequence[Given]
) -> tuple[list[bytes], Decode | None]:
    """Returns a task's inputs, and how its result is read where the model's tensors are named.

    Raises BadInputError where the files do not fit.
    """
    named = _named(given)
    if named is None:
        return read_kernel_inputs(package, [each.path for each in given]), None
    from keeper.cli.models.described import DescribedPackage  # noqa: PLC0415
    from keeper.cli.models.tensors import read_tensors  # noqa: PLC0415

    described = DescribedPackage(path, package)
    return described.encode(read_tensors(named, None)), described.decode


def _named(given: Sequence[Given]) -> tuple[tuple[str, Path], ...] | None:
    """Returns the model's tensors, None where the work's own are given."""
    named = tuple((each.name, each.path) for each in given if each.name is not None)
    if named and len(named) < len(given):
        raise MalformedFileError("name each --input or none: NAME=FILE is the model's tensor")
    return named or None

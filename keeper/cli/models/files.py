"""Model files that a user names, and the inputs that never change."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import onnx
from onnx import helper

from keeper.cli.files import MalformedFileError
from keeper.cli.output import tell
from keeper.errors import BadInputError
from kernels.onnx.classical import tensors_only
from kernels.onnx.reading import ModelError, bound, check_model, read_model
from kernels.trace.layout import Array

Constants = Sequence[tuple[str, float]]


class Constant(click.ParamType[tuple[str, float]]):
    """An input that never changes: NAME=NUMBER."""

    name = "name=number"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, float]:
        """Returns name and number."""
        name, _, number = str(value).rpartition("=")
        try:
            found = int(number) if number.lstrip("+-").isdecimal() else float(number)
        except ValueError:
            name = ""
        if not name:
            self.fail(f"{value!r} is not a constant such as sampling_rate=16000", param, context)
        return name, found


constant_option = click.option(
    "--constant",
    "constants",
    type=Constant(),
    multiple=True,
    help="Value of an input that is the same in every run: NAME=16000.",
)


def read_onnx(path: Path, constants: Constants = ()) -> onnx.ModelProto:
    """Returns a checked model whose outputs are tensors of numbers, and tells of the others.

    Inputs with a value among `constants` are inputs no more. Raises MalformedFileError when there
    is no model, and BadInputError where a constant is not one of its inputs.
    """
    try:
        model, told = tensors_only(read_model(path))
    except ModelError as error:
        raise MalformedFileError(f"{path} is not a model that can be used: {error}") from error
    for sentence in told:
        tell(f"note: {sentence}")
    return _with(model, constants) if constants else model


def constant_values(model: onnx.ModelProto, constants: Constants) -> dict[str, Array]:
    """Returns the constants in the types of a model's inputs; raises BadInputError for others."""
    ports = {port.name: port for port in model.graph.input}
    if unknown := sorted(name for name, _ in constants if name not in ports):
        raise BadInputError(f"--constant: the model has no input {', '.join(unknown)}")
    return {name: _typed(ports[name], number) for name, number in constants}


def _with(model: onnx.ModelProto, constants: Constants) -> onnx.ModelProto:
    values = constant_values(model, constants)
    try:
        return check_model(bound(model, {}, values))
    except ModelError as error:
        raise BadInputError(f"--constant: {error.message}") from error


def _typed(port: onnx.ValueInfoProto, number: float) -> Array:
    """Returns a number in an input's type, with an axis of length 1 for each of the input's."""
    tensor = port.type.tensor_type
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    found = np.asarray(number).astype(dtype)
    if found != number:
        raise BadInputError(f"--constant: input {port.name!r} is {dtype}, which has no {number}")
    return found.reshape((1,) * len(tensor.shape.dim))

"""Model files that a user names."""

from pathlib import Path

import onnx

from keeper.cli.files import MalformedFileError
from keeper.cli.output import tell
from kernels.onnx.classical import tensors_only
from kernels.onnx.reading import ModelError, read_model


def read_onnx(path: Path) -> onnx.ModelProto:
    """Returns a checked model whose outputs are tensors of numbers, and tells of the others.

    Raises MalformedFileError when there is none.
    """
    try:
        model, told = tensors_only(read_model(path))
    except ModelError as error:
        raise MalformedFileError(f"{path} is not a model that can be used: {error}") from error
    for sentence in told:
        tell(f"note: {sentence}")
    return model

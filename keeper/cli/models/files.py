"""Model files that a user names."""

from pathlib import Path

import onnx

from keeper.cli.files import MalformedFileError
from kernels.onnx.reading import ModelError, read_model


def read_onnx(path: Path) -> onnx.ModelProto:
    """Returns a checked model; raises MalformedFileError when there is none."""
    try:
        return read_model(path)
    except ModelError as error:
        raise MalformedFileError(f"{path} is not a model that can be used: {error}") from error

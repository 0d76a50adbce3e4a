"""Model files that a user hands in."""

from pathlib import Path

import onnx

from keeper.cli.files import MalformedFileError
from kernels.onnx.reading import ModelError, read_model


def read_onnx(path: Path) -> onnx.ModelProto:
    """A checked model; MalformedFileError when it is none."""
    try:
        return read_model(path)
    except ModelError as error:
        raise MalformedFileError(f"{path} is not a model that can be taken: {error}") from error

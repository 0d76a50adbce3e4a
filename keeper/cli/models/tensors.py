"""Reads the tensors that a user names and prints results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from keeper.cli.files import MalformedFileError, read_archive, read_array, times
from kernels.onnx.reading import ModelError
from kernels.onnx.reading.tensors import stored_bytes
from kernels.trace.layout import Array

SHOWN = 8


class NamedFile(click.ParamType[tuple[str, Path]]):
    """A tensor's file: NAME=FILE."""

    name = "name=file"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, Path]:
        """Returns name and path."""
        name, found, path = str(value).partition("=")
        if not name or not found or not path:
            self.fail(f"{value!r} is not NAME=FILE, such as image=image.npy", param, context)
        return name, Path(path)


def read_tensors(named: tuple[tuple[str, Path], ...], archive: Path | None) -> dict[str, Array]:
    """Returns tensors by name from .npy and .pb files and an .npz archive.

    Raises MalformedFileError.
    """
    found: dict[str, Array] = {}
    if archive is not None:
        found = read_archive(archive)
    for name, path in named:
        if name in found:
            raise MalformedFileError(f"tensor {name!r} is given twice")
        found[name] = _read(path)
    return found


def _read(path: Path) -> Array:
    if path.suffix != ".pb":
        return read_array(path)
    try:
        tensor: onnx.TensorProto = onnx.TensorProto.FromString(path.read_bytes())
        stored_bytes(tensor)
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ValueError("its bytes lie in another file")
        return numpy_helper.to_array(tensor)
    except OSError as error:
        raise MalformedFileError(f"{path} holds no tensor: {error.strerror}") from error
    except DecodeError as error:
        raise MalformedFileError(f"{path} holds no tensor: not a TensorProto of ONNX") from error
    except (ValueError, ModelError) as error:
        raise MalformedFileError(f"{path} holds no tensor: {error}") from error


def document_of(tensors: Mapping[str, Array]) -> dict[str, Any]:
    """Returns shape, type and values of every tensor, the values in one list, row-major."""
    return {
        name: {
            "shape": list(array.shape),
            "type": array.dtype.name,
            "values": [_plain(value) for value in array.reshape(-1).tolist()],
        }
        for name, array in tensors.items()
    }


def lines_of(tensors: Mapping[str, Array]) -> list[str]:
    """Returns one line per tensor: its shape, type and first values."""
    lines = []
    for name, array in tensors.items():
        values = ", ".join(f"{value:.6g}" for value in array.reshape(-1)[:SHOWN].tolist())
        more = ", ..." if array.size > SHOWN else ""
        lines.append(f"{name}: {array.dtype.name} {times(array.shape)}  {values}{more}")
    return lines


def _plain(value: Any) -> Any:
    # JSON cannot express infinities and NaN.
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value

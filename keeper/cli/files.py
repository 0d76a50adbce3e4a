"""Graph, tensor and kernel files that a user names."""

import zipfile
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from keeper.data import digest_of
from keeper.errors import BadInputError
from kernels.custom import KernelPackage, PackageError, read_package
from kernels.custom.validation import validate
from kernels.graph import Graph, GraphError
from kernels.graph.file import read
from kernels.trace import LayoutError, pack
from kernels.trace.layout import Array


class MalformedFileError(BadInputError):
    """A graph, tensor or kernel file is malformed."""


class InputDigestError(BadInputError):
    """An input's hash differs from the announced one."""


def read_graph(path: Path) -> Graph:
    """Returns the graph in a file; raises MalformedFileError when there is none."""
    try:
        return read(path)
    except GraphError as error:
        raise MalformedFileError(f"{path} is not a valid graph: {error.message}") from error
    except OSError as error:
        raise MalformedFileError(f"{path} is not a valid graph: {error.strerror}") from error


def read_inputs(graph: Graph, paths: Sequence[Path], expected: Sequence[str]) -> list[Array]:
    """Returns the graph's inputs from .npy files, each reshaped to what the graph wants.

    `expected` are the SHA-256 of their canonical bytes, or empty. Raises MalformedFileError and
    InputDigestError.
    """
    if len(paths) != len(graph.inputs):
        raise MalformedFileError(f"the graph has {len(graph.inputs)} inputs, {len(paths)} given")
    if expected and len(expected) != len(paths):
        raise MalformedFileError(f"{len(expected)} hashes for {len(paths)} inputs")
    inputs = []
    for number, (path, spec) in enumerate(zip(paths, graph.inputs, strict=True)):
        array = _loaded(path, number, spec.dtype.numpy)
        if array.size != prod(spec.shape):
            raise MalformedFileError(
                f"{path} is not input {number}: its shape is {times(array.shape)}, the graph "
                f"takes {times(spec.shape)}"
            )
        try:
            inputs.append(array.reshape(spec.shape))
            digest = digest_of(pack(inputs[-1]).data)
        except LayoutError as error:
            raise MalformedFileError(f"{path} is not input {number}: {error}") from error
        if expected and digest != expected[number].lower():
            raise InputDigestError(
                f"{path} hashes to {digest}, not to the announced {expected[number]}"
            )
    return inputs


def read_kernel(path: Path) -> KernelPackage:
    """Returns a kernel package that providers run, from a folder or a file.

    Raises MalformedFileError.
    """
    try:
        package = read_package(path)
        validate(package)
    except PackageError as error:
        raise MalformedFileError(
            f"{path} is not a valid kernel package: {error.message}"
        ) from error
    return package


def read_kernel_inputs(package: KernelPackage, paths: Sequence[Path]) -> list[bytes]:
    """Returns the kernel's inputs from .npy files of the declared elements, or raw bytes.

    Raises MalformedFileError.
    """
    if len(paths) != len(package.inputs):
        raise MalformedFileError(f"the kernel has {len(package.inputs)} inputs, {len(paths)} given")
    inputs = []
    for number, (path, buffer) in enumerate(zip(paths, package.inputs, strict=True)):
        if path.suffix == ".npy":
            elements = _loaded(path, number, np.dtype(buffer.element.numpy))
            data = np.ascontiguousarray(elements).tobytes()
        else:
            try:
                data = path.read_bytes()
            except OSError as error:
                raise MalformedFileError(
                    f"{path} is not input {number}: {error.strerror}"
                ) from error
        if len(data) != buffer.bytes:
            raise MalformedFileError(
                f"{path} is not input {number}: {len(data)} bytes, the kernel takes {buffer.bytes}"
            )
        inputs.append(data)
    return inputs


def read_array(path: Path) -> Array:
    """Returns the array in a .npy file; raises MalformedFileError, which says how to write one."""
    try:
        return _array(path)
    except _NoArrayError as error:
        raise MalformedFileError(f"{path} holds no tensor: {error}") from error


def read_archive(path: Path) -> dict[str, Array]:
    """Returns the arrays in an .npz file by name.

    Raises MalformedFileError, which says how to write one.
    """
    try:
        with path.open("rb") as file:
            held: Any = np.load(file, allow_pickle=False)
            if isinstance(held, np.ndarray):
                raise MalformedFileError(f"{path} is not an .npz file: it holds one array unnamed")
            return {name: held[name] for name in held.files}
    except OSError as error:
        raise MalformedFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        # What NumPy says of it is about pickles, which no command reads.
        raise MalformedFileError(
            f"{path} is not an .npz file of arrays; write one with numpy.savez"
        ) from error


def times(shape: Sequence[object]) -> str:
    """Returns a shape as people write it, such as 24x8x8x3."""
    return "x".join(map(str, shape)) or "a single number"


class _NoArrayError(Exception):
    """A file holds no array; the message says why."""


def _array(path: Path) -> Array:
    try:
        array: Any = np.load(path, allow_pickle=False)
    except OSError as error:
        raise _NoArrayError(error.strerror or "it cannot be read") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        # What NumPy says of it is about pickles, which no command reads.
        raise _NoArrayError("no .npy file of numbers; write one with numpy.save") from error
    if not isinstance(array, np.ndarray):
        raise _NoArrayError("it holds several arrays; save each in a .npy file")
    return array


def _loaded(path: Path, number: int, elements: np.dtype[Any]) -> Array:
    """Returns the array in a .npy file; raises MalformedFileError unless it has these elements."""
    try:
        array = _array(path)
    except _NoArrayError as error:
        raise MalformedFileError(f"{path} is not input {number}: {error}") from error
    if array.dtype != elements:
        raise MalformedFileError(
            f"{path} is not input {number}: its elements are {array.dtype}, not {elements}"
        )
    return array

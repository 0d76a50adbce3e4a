"""Graph, tensor and kernel files that a user names."""

from collections.abc import Sequence
from pathlib import Path

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
    except (GraphError, OSError) as error:
        raise MalformedFileError(f"{path} is not a valid graph: {error}") from error


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
        try:
            array = np.load(path, allow_pickle=False)
            if array.dtype != spec.dtype.numpy:
                raise ValueError(f"its elements are {array.dtype}, not {spec.dtype.numpy}")
            inputs.append(array.reshape(spec.shape))
            digest = digest_of(pack(inputs[-1]).data)
        except (OSError, ValueError, LayoutError, EOFError) as error:
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
        raise MalformedFileError(f"{path} is not a valid kernel package: {error}") from error
    return package


def read_kernel_inputs(package: KernelPackage, paths: Sequence[Path]) -> list[bytes]:
    """Returns the kernel's inputs from .npy files of the declared elements, or raw bytes.

    Raises MalformedFileError.
    """
    if len(paths) != len(package.inputs):
        raise MalformedFileError(f"the kernel has {len(package.inputs)} inputs, {len(paths)} given")
    inputs = []
    for number, (path, buffer) in enumerate(zip(paths, package.inputs, strict=True)):
        try:
            if path.suffix == ".npy":
                array = np.load(path, allow_pickle=False)
                if array.dtype != buffer.element.numpy:
                    raise ValueError(f"elements are {array.dtype}, not {buffer.element.numpy}")
                data = np.ascontiguousarray(array).tobytes()
            else:
                data = path.read_bytes()
            if len(data) != buffer.bytes:
                raise ValueError(f"{len(data)} bytes, the kernel takes {buffer.bytes}")
        except (OSError, ValueError, EOFError) as error:
            raise MalformedFileError(f"{path} is not input {number}: {error}") from error
        inputs.append(data)
    return inputs

"""The canonical file of a graph.

It holds a magic number, the number of operators (u32), the descriptors, and the canonical bytes of
every constant in order of first use. Sizes follow from the descriptors, so a graph has exactly one
file.
"""

import struct
from pathlib import Path

from kernels.codes import DESCRIPTOR_BYTES, MAX_OPERATORS
from kernels.descriptor import Descriptor, GraphError, Reason, TensorSpec
from kernels.graph.graph import Graph
from kernels.graph.topology import check_graph, constant_keys
from kernels.trace import Array, LayoutError, pack, unpack

MAGIC = b"NLGRAPH\x01"
MAX_FILE_BYTES = 1 << 30

_HEAD = struct.Struct("<8sI")


def dump(graph: Graph) -> bytes:
    """Returns the file's bytes."""
    constants = [pack(graph.constants[key]).tobytes() for key in graph.constant_keys()]
    head = _HEAD.pack(MAGIC, len(graph.descriptors))
    return b"".join([head, *graph.encoded(), *constants])


def load(data: bytes) -> Graph:
    """Reads and checks a graph; raises GraphError, which names the rule that the bytes break."""
    descriptors, start = _descriptors(data)
    check_graph(descriptors)
    keys = constant_keys(descriptors)
    expected = start + sum(spec.stored_bytes for _, spec in keys)
    if len(data) != expected:
        raise GraphError(Reason.BAD_FILE, f"the file has {len(data)} bytes, expected {expected}")
    view = memoryview(data)
    constants: dict[tuple[bytes, TensorSpec], Array] = {}
    for root, spec in keys:
        try:
            stored = view[start : start + spec.stored_bytes]
            constants[root, spec] = unpack(stored, spec.shape, spec.dtype)
        except LayoutError as error:
            raise GraphError(Reason.BAD_CONSTANT, f"constant {root.hex()}: {error}") from None
        start += spec.stored_bytes
    return Graph(tuple(descriptors), constants)


def read(path: Path) -> Graph:
    """Reads and checks a graph file.

    Raises GraphError when it is too large or malformed, and OSError when it cannot be read.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise GraphError(Reason.BAD_FILE, f"{path.name} has {size} bytes, above {MAX_FILE_BYTES}")
    return load(path.read_bytes())


def write(graph: Graph, path: Path) -> None:
    """Writes the canonical file to `path`."""
    path.write_bytes(dump(graph))


def _descriptors(data: bytes) -> tuple[list[Descriptor], int]:
    if len(data) > MAX_FILE_BYTES or len(data) < _HEAD.size:
        raise GraphError(Reason.BAD_FILE, f"{len(data)} bytes are not a graph file")
    magic, count = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise GraphError(Reason.BAD_FILE, "the file does not start like a graph")
    if not 1 <= count <= MAX_OPERATORS:
        raise GraphError(Reason.OPERATOR_LIMIT, f"{count} operators, at most {MAX_OPERATORS}")
    end = _HEAD.size + count * DESCRIPTOR_BYTES
    if len(data) < end:
        raise GraphError(Reason.BAD_FILE, f"{len(data)} bytes do not hold {count} descriptors")
    pieces = [data[at : at + DESCRIPTOR_BYTES] for at in range(_HEAD.size, end, DESCRIPTOR_BYTES)]
    return [Descriptor.decode(piece) for piece in pieces], end

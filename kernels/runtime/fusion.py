"""Which operators run in one dispatch: a product, its requantisation and an activation.

Every intermediate is committed and therefore written, but the next operator has it in registers.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from kernels.graph import Descriptor, Graph, InputKind, Opcode, is_linear
from kernels.runtime.shader import KERNELS, ManifestError, Point, manifest, product_groups
from kernels.trace import DType, row_stride

# Shorter int8 rows share a word, which no single invocation then writes.
FEWEST_COLUMNS = 3
ACTIVATIONS = (Opcode.RELU, Opcode.LOOKUP)
# Descriptor, output, two operands and bias of the product; descriptor, output and table of the
# requantisation; relu adds a descriptor and an output, lookup an output and a table.
BUFFERS = {Opcode.REQUANTISE: 8, Opcode.RELU: 10, Opcode.LOOKUP: 10}


@dataclass(frozen=True, slots=True)
class FusedShader:
    """The program of a chain, named by its product and its last operator."""

    source: str
    entry_point: str


def plan(graph: Graph, most_buffers: int) -> list[tuple[int, ...]]:
    """The operators of each dispatch, in an order in which operands come before their use.

    A chain runs where its product stands: what follows in it reads nothing else but constants.
    """
    chains: list[tuple[int, ...]] = []
    taken: set[int] = set()
    for index in range(len(graph.descriptors)):
        if index not in taken:
            chain = _chain(graph, index, taken, most_buffers)
            taken.update(chain)
            chains.append(chain)
    return chains


def _chain(graph: Graph, index: int, taken: set[int], most_buffers: int) -> tuple[int, ...]:
    if not is_linear(graph.descriptors[index].opcode):
        return (index,)
    chain = [index]
    for wanted in ((Opcode.REQUANTISE,), ACTIVATIONS):
        found = _reader(graph, chain[-1], wanted, taken)
        if found is None or BUFFERS[graph.descriptors[found].opcode] > most_buffers:
            break
        chain.append(found)
    return tuple(chain)


def _reader(graph: Graph, source: int, wanted: tuple[Opcode, ...], taken: set[int]) -> int | None:
    """The first operator of a wanted kind that reads an output row by row."""
    columns = graph.descriptors[source].output_shape[3]
    for index in range(source + 1, len(graph.descriptors)):
        descriptor = graph.descriptors[index]
        first = descriptor.inputs[0]
        if (
            descriptor.opcode in wanted
            and index not in taken
            and (first.kind, first.index) == (InputKind.OPERATOR_OUTPUT, source)
            and descriptor.dtype_out is DType.INT8
            and descriptor.input_shapes[0][3] == columns >= FEWEST_COLUMNS
        ):
            return index
    return None


@cache
def load_fused(product: Opcode, last: Opcode) -> FusedShader:
    """The chain's program; ManifestError when its text is not the one the manifest names."""
    contract = manifest(product)
    name, last_name = product.name.lower(), last.name.lower()
    fused = contract["fused"][last_name]
    text = "\n".join(
        (KERNELS / name / source).read_text(encoding="utf-8") for source in fused["sources"]
    )
    digest = sha256(text.encode()).hexdigest()
    if digest != fused["sha256"]:
        raise ManifestError(f"{name} with {last_name}: shader is {digest}, not the manifest's")
    return FusedShader(text, contract["entry_point"])


def fused_groups(product: Descriptor, point: Point) -> int:
    """Workgroups of a chain: rows of int8 may have more columns of padding than those of int32."""
    columns = product.output_shape[3]
    return product_groups(product, point, max(row_stride(4 * columns) // 4, row_stride(columns)))

"""Which operators run in one dispatch: a product, its requantisation and an activation.

Every intermediate is committed and therefore written, but the next operator has it in registers.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from kernels.codes import InputKind, Opcode
from kernels.exact import operator_of, operators
from kernels.exact.operator import Fusion, Step
from kernels.graph import Graph
from kernels.runtime.shader import KERNELS, ManifestError, joined, manifest
from kernels.trace import DType

# Shorter int8 rows share a word, which no single invocation then writes.
FEWEST_COLUMNS = 3
# How many buffers a chain binds, by its last operator.
BUFFERS = {
    opcode: operator.fusion.buffers
    for opcode, operator in operators().items()
    if operator.fusion is not None and operator.fusion.step is not Step.PRODUCT
}


@dataclass(frozen=True, slots=True)
class FusedShader:
    """The program of a chain of operators."""

    source: str
    entry_point: str


def plan(graph: Graph, most_buffers: int) -> list[tuple[int, ...]]:
    """Returns the operators of each dispatch, in an order in which operands precede their use.

    A chain runs where its product stands: the operators after it read nothing else but constants.
    A chain that needs more than `most_buffers` buffers is cut short.
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
    chain = [index]
    fusion = _fusion(graph, index)
    if fusion is None or fusion.step is not Step.PRODUCT:
        return (index,)
    for wanted in (Step.SCALING, Step.ACTIVATION):
        found = _reader(graph, chain[-1], wanted, taken)
        if found is None or BUFFERS[graph.descriptors[found].opcode] > most_buffers:
            break
        chain.append(found)
    return tuple(chain)


def _fusion(graph: Graph, index: int) -> Fusion | None:
    return operator_of(graph.descriptors[index]).fusion


def _reader(graph: Graph, source: int, wanted: Step, taken: set[int]) -> int | None:
    """Returns the first operator of a step that reads an output row by row."""
    columns = graph.descriptors[source].output_shape[3]
    for index in range(source + 1, len(graph.descriptors)):
        descriptor = graph.descriptors[index]
        fusion = _fusion(graph, index)
        first = descriptor.inputs[0]
        if (
            fusion is not None
            and fusion.step is wanted
            and index not in taken
            and (first.kind, first.index) == (InputKind.OPERATOR_OUTPUT, source)
            and descriptor.dtype_out is DType.INT8
            and descriptor.input_shapes[0][3] == columns >= FEWEST_COLUMNS
        ):
            return index
    return None


@cache
def load_fused(product: Opcode, last: Opcode) -> FusedShader:
    """Returns the program of a chain, given its product and its last operator.

    Raises ManifestError when the text is not the one whose hash the manifest gives.
    """
    contract = manifest(product)
    name, last_name = product.name.lower(), last.name.lower()
    fused = contract["fused"][last_name]
    text = joined(KERNELS / name, fused["sources"])
    digest = sha256(text.encode()).hexdigest()
    if digest != fused["sha256"]:
        raise ManifestError(f"{name} with {last_name}: shader is {digest}, not the manifest's")
    return FusedShader(text, contract["entry_point"])

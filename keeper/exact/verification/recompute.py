"""Recomputes an operator with its NumPy reference and finds the first element that differs."""

from collections.abc import Sequence

from kernels.graph import Descriptor, operator_of
from kernels.graph.reference import evaluate
from kernels.trace.layout import Array

# Small enough that a block and its 64-bit intermediates stay in the cache.
BLOCK = 1 << 14


def first_difference(descriptor: Descriptor, reads: Sequence[Array], actual: Array) -> int | None:
    """Returns the row-major index of the first wrong element, None when all are right."""
    tensors = operator_of(descriptor).rowwise_inputs
    # A broadcast operand has rows of its own.
    if not tensors or any(read.shape != actual.shape for read in reads[:tensors]):
        return _first_unequal(evaluate(descriptor, reads), actual)
    width = actual.shape[3]
    rows = [read.reshape(-1, width) for read in reads[:tensors]]
    tables = reads[tensors:]
    found = actual.reshape(-1, width)
    step = max(1, BLOCK // width)
    for at in range(0, found.shape[0], step):
        block = [*(read[at : at + step] for read in rows), *tables]
        element = _first_unequal(evaluate(descriptor, block), found[at : at + step])
        if element is not None:
            return at * int(width) + element
    return None


def _first_unequal(expected: Array, actual: Array) -> int | None:
    wrong = (expected.reshape(-1) != actual.reshape(-1)).nonzero()[0]
    return int(wrong[0]) if wrong.size else None

"""Which leaves of a tensor's tree hold the bytes that an element depends on.

An element is an index over the whole leaf space of the output: byte offset / dtype size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kernels.descriptor import TensorSpec
from kernels.evidence.errors import EvidenceError, Reason
from kernels.exact import Place, Run
from kernels.trace import LEAF_BYTES, tensor_depth


@dataclass(frozen=True, slots=True)
class LeafRange:
    """Leaves first..end - 1 of a tensor; their bytes are staged whole."""

    first: int
    end: int


def leaf_space(spec: TensorSpec) -> int:
    """Returns the number of elements, padding included, in the leaves of a tensor's tree."""
    return (LEAF_BYTES << tensor_depth(spec.shape, spec.dtype)) // spec.dtype.size


def place_of(spec: TensorSpec, element: int) -> Place | None:
    """Returns the place of an element; None in padding.

    Raises EvidenceError (ElementOutOfRange) beyond the leaf space.
    """
    if not 0 <= element < leaf_space(spec):
        raise EvidenceError(
            Reason.ELEMENT_OUT_OF_RANGE, f"element {element} of {leaf_space(spec)} in {spec}"
        )
    row, within = divmod(element * spec.dtype.size, spec.stride)
    column = within // spec.dtype.size
    if row >= spec.rows or column >= spec.shape[3]:
        return None
    return Place(row, column)


def leaf_ranges(runs_: Sequence[Run]) -> list[LeafRange]:
    """Returns the leaves that cover the runs; ranges that overlap or touch are joined."""
    ranges: list[LeafRange] = []
    for run in runs_:
        first, end = run.start // LEAF_BYTES, -(-(run.start + run.size) // LEAF_BYTES)
        if ranges and first <= ranges[-1].end:
            ranges[-1] = LeafRange(ranges[-1].first, max(end, ranges[-1].end))
        else:
            ranges.append(LeafRange(first, end))
    return ranges

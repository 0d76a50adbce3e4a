"""Checks, leaf by leaf, that a sum of gradients adds what the providers committed to.

Only the trace roots and input roots, which the chain holds, are trusted: a tensor's root is opened
under the trace root of its job, and each of its 256-byte leaves under the tensor's root.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kernels.codes import LEAF_BYTES
from kernels.trace import (
    TENSOR,
    TRACE,
    Array,
    Opening,
    inputs_root,
    shape4,
    tensor_depth,
    tensor_tree,
    trace_tree,
)
from kernels.trace.layout import DType, Shape, stored_bytes
from kernels.trace.merkle import tree_depth


class Fault(StrEnum):
    """The kinds of fault.

    MISSING: a shard has no gradient. STALE: it was computed from other images, labels or weights
    than this step's. UNCOMMITTED: the tensor's root is not in the trace. BAD_LEAF: a leaf is not
    under the tensor's root. SWAPPED: the sum was given another leaf than the provider committed to.
    BAD_SUM: a leaf of the sum is not the sum of the parts' leaves.
    """

    MISSING = "missing"
    STALE = "stale"
    UNCOMMITTED = "uncommitted"
    BAD_LEAF = "bad leaf"
    SWAPPED = "swapped"
    BAD_SUM = "bad sum"


class AggregationError(ValueError):
    """The first fault of a step: its kind, the party at fault, and the leaf where there is one."""

    def __init__(self, fault: Fault, party: str, leaf: int | None, message: str) -> None:
        place = "" if leaf is None else f", leaf {leaf}"
        super().__init__(f"{fault} ({party}{place}): {message}")
        self.fault = fault
        self.party = party
        self.leaf = leaf


@dataclass(frozen=True, slots=True)
class Opened:
    """An operator's output in a stage's trace; all but the openings is the chain's."""

    trace_root: bytes
    stage: range
    root: Opening
    leaves: tuple[Opening, ...]

    @property
    def tensor_root(self) -> bytes:
        """The commitment to the tensor, valid once `root` is verified."""
        return self.root.data


@dataclass(frozen=True, slots=True)
class Part:
    """The required job of a shard; any provider may take it. input_root follows from the step."""

    shard: int
    input_root: bytes


@dataclass(frozen=True, slots=True)
class Contribution:
    """A shard's gradient as its provider committed to it; input_root is the job's on chain."""

    provider: str
    input_root: bytes
    gradient: Opened


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The job that added the gradients: its provider, its input root on chain, the master weights'
    root, the tensors that it was given, and its sum."""

    provider: str
    input_root: bytes
    master_root: bytes
    given: tuple[Array, ...]
    total: Opened


def open_tensor(stage: range, roots: Sequence[bytes], operator: int, tensor: Array) -> Opened:
    """Returns an operator's output with openings of all its leaves.

    `roots` are the tensor roots of every operator in its stage.
    """
    tree = tensor_tree(tensor)
    trace = trace_tree(roots)
    leaves = -(-stored_bytes(shape4(tensor.shape), DType.of(tensor)) // LEAF_BYTES)
    return Opened(
        trace.root,
        stage,
        trace.opening(operator - stage.start),
        tuple(tree.opening(leaf) for leaf in range(leaves)),
    )


def check_aggregation(
    parts: Sequence[Part],
    contributions: Mapping[int, Contribution],
    aggregate: Aggregate,
    positions: tuple[int, int],
    shape: Shape,
) -> int:
    """Returns the number of leaves of the sum, all of them right.

    contributions are by shard; positions are the operators of the gradient in a shard's graph and
    of the sum in the aggregation's; shape is the gradient's. Raises AggregationError at the first
    fault.
    """
    gradient_at, total_at = positions
    given = _whole(parts, contributions)
    for contribution in given:
        _check_opened(contribution.provider, contribution.gradient, gradient_at, shape)
    _check_given(given, aggregate)
    _check_opened(aggregate.provider, aggregate.total, total_at, shape)
    for number, leaf in enumerate(aggregate.total.leaves):
        parts_sum = sum(
            np.frombuffer(each.gradient.leaves[number].data, "<i4").astype(np.int64)
            for each in given
        )
        if np.asarray(parts_sum).astype("<i4").tobytes() != leaf.data:
            raise AggregationError(
                Fault.BAD_SUM, aggregate.provider, number, "not the sum of the shards' leaves"
            )
    return len(aggregate.total.leaves)


def _whole(parts: Sequence[Part], contributions: Mapping[int, Contribution]) -> list[Contribution]:
    for part in parts:
        contribution = contributions.get(part.shard)
        if contribution is None:
            raise AggregationError(
                Fault.MISSING, f"shard {part.shard}", None, "no gradient was committed"
            )
        if contribution.input_root != part.input_root:
            raise AggregationError(
                Fault.STALE,
                contribution.provider,
                None,
                f"shard {part.shard} was computed from other inputs than this step's",
            )
    return [contributions[part.shard] for part in parts]


def _check_opened(party: str, opened: Opened, operator: int, shape: Shape) -> None:
    placed = operator in opened.stage and opened.root.index == operator - opened.stage.start
    depth = tree_depth(len(opened.stage))
    if not placed or not opened.root.verify(TRACE, opened.trace_root, depth):
        raise AggregationError(
            Fault.UNCOMMITTED, party, None, f"operator {operator} of the trace is another tensor"
        )
    depth = tensor_depth(shape, DType.INT32)
    for number in range(-(-stored_bytes(shape, DType.INT32) // LEAF_BYTES)):
        leaf = opened.leaves[number] if number < len(opened.leaves) else None
        if (
            leaf is None
            or leaf.index != number
            or not leaf.verify(TENSOR, opened.tensor_root, depth)
        ):
            raise AggregationError(Fault.BAD_LEAF, party, number, "not under the tensor's root")


def _check_given(contributions: Sequence[Contribution], aggregate: Aggregate) -> None:
    roots = [aggregate.master_root, *(each.gradient.tensor_root for each in contributions)]
    if inputs_root(roots) == aggregate.input_root:
        return
    for contribution, array in zip(contributions, aggregate.given, strict=False):
        tree = tensor_tree(array)
        for number, leaf in enumerate(contribution.gradient.leaves):
            if tree.opening(number).data != leaf.data:
                raise AggregationError(
                    Fault.SWAPPED,
                    contribution.provider,
                    number,
                    "the sum was given another leaf than this provider committed to",
                )
    raise AggregationError(
        Fault.STALE, aggregate.provider, None, "the sum was not given these tensors"
    )

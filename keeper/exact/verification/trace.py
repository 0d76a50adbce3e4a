"""Verifies a committed trace: its roots first, then every operator from committed operands.

A wrong output of a recomputed operator is always found. Any other passes its fold with probability
below 2^-60 (see `freivalds`), and a job passes only if all of its wrong outputs do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from time import perf_counter

import numpy as np

from keeper.exact.verification.cost import CheckCost
from keeper.exact.verification.field import Randomness, random_elements
from keeper.exact.verification.linear import Claim, hold, is_worth_checking, may_wrap
from keeper.exact.verification.recompute import first_difference
from kernels.evidence import Place, element_at
from kernels.graph import Graph, TensorSpec
from kernels.graph.reference import operands
from kernels.trace import Hasher, stored_roots, trace_root
from kernels.trace.layout import Array


@dataclass(frozen=True, slots=True)
class CommittedStage:
    """Operators first..last - 1 and the trace root that their provider committed."""

    first: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Accept:
    """Every element of every operator is right."""


@dataclass(frozen=True, slots=True)
class Reject:
    """The first wrong element: its operator, and its index as the referee counts.

    The index runs over stored bytes, a row's padding included: see programs/referee/README.md.
    """

    operator: int
    element: int


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Data are missing, or are not what was committed; `missing` names the operators or stage."""

    missing: str


@dataclass(frozen=True, slots=True)
class TraceVerdict:
    """What was found, and what finding it cost."""

    finding: Accept | Reject | Unavailable
    cost: CheckCost = field(compare=False)


def verify_trace(
    graph: Graph,
    inputs: Sequence[Array],
    outputs: Sequence[bytes | None],
    stages: Sequence[CommittedStage],
    *,
    randomness: Randomness = random_elements,
    hasher: Hasher = stored_roots,
) -> TraceVerdict:
    """Check the canonical bytes of operators 0..n - 1 against stages that cover exactly these.

    Returns the finding with its cost. `randomness` must be drawn after the commitment was made; the
    default draws it on each call. `hasher` gives the tensor root of each output; the default hashes
    on the host. Raises ValueError when the stages do not follow each other from operator 0, and
    GraphError when the inputs are not the graph's.
    """
    graph.check_inputs(inputs)
    _require_cover(stages, len(outputs))
    check = _Check(graph, inputs, randomness, hasher)
    with check.cost.timed():
        finding = check.find(outputs, stages)
    return TraceVerdict(finding, check.cost)


def _require_cover(stages: Sequence[CommittedStage], operators: int) -> None:
    reached = 0
    for stage in stages:
        if stage.first != reached or stage.last <= stage.first:
            raise ValueError(f"stage {stage.first}..{stage.last} does not follow {reached}")
        reached = stage.last
    if reached != operators:
        raise ValueError(f"the stages cover {reached} operators, {operators} outputs were given")


class _Check:
    def __init__(
        self, graph: Graph, inputs: Sequence[Array], randomness: Randomness, hasher: Hasher
    ) -> None:
        self.cost = CheckCost()
        self._graph = graph
        self._inputs = inputs
        self._randomness = randomness
        self._hasher = hasher

    def find(
        self, outputs: Sequence[bytes | None], stages: Sequence[CommittedStage]
    ) -> Accept | Reject | Unavailable:
        specs = self._graph.outputs[: len(outputs)]
        available: list[bytes] = []
        for number, (stored, spec) in enumerate(zip(outputs, specs, strict=True)):
            if stored is None or len(stored) != spec.stored_bytes:
                return Unavailable(f"operator {number}")
            available.append(stored)
        started = perf_counter()
        roots = self._hasher(available)
        self.cost.hashing_seconds = perf_counter() - started
        for stage in stages:
            if trace_root(roots[stage.first : stage.last]) != stage.root:
                return Unavailable(f"stage {stage.first}..{stage.last}")
        return self._first_wrong(available)

    def _first_wrong(self, stored: Sequence[bytes]) -> Accept | Reject:
        """Returns the first wrong element, or Accept.

        What must be recomputed or checked alone comes first; the products before what that found
        are folded.
        """
        outputs: list[Array] = []
        products: list[Claim] = []
        found: Reject | None = None
        for number, (data, spec) in enumerate(zip(stored, self._graph.outputs, strict=False)):
            output = _tensor(data, spec)
            if isinstance(output, int):
                found = Reject(number, output)
                break
            outputs.append(output)
            descriptor = self._graph.descriptors[number]
            reads = operands(self._graph, number, self._inputs, outputs)
            claim = Claim(number, descriptor, reads, output)
            checkable = is_worth_checking(descriptor)
            if checkable and not may_wrap(claim):
                products.append(claim)
            elif not (checkable and self._hold([claim])):
                found = self._recompute(claim)
                if found is not None:
                    break
        return self._first_wrong_product(products) or found or Accept()

    def _first_wrong_product(self, claims: Sequence[Claim]) -> Reject | None:
        if self._hold(claims):
            return None
        # One of them is wrong. Alone it passes as rarely as the fold does; should it pass, all are
        # recomputed, so that what failed is never accepted.
        suspects = chain((claim for claim in claims if not self._hold([claim])), claims)
        return next((wrong for wrong in map(self._recompute, suspects) if wrong is not None), None)

    def _hold(self, claims: Sequence[Claim]) -> bool:
        return hold(claims, self._randomness, self.cost)

    def _recompute(self, claim: Claim) -> Reject | None:
        self.cost.macs += claim.descriptor.multiply_adds
        element = first_difference(claim.descriptor, claim.reads, claim.out)
        if element is None:
            return None
        spec = self._graph.outputs[claim.number]
        return Reject(claim.number, element_at(spec, Place(*divmod(element, spec.shape[3]))))


def _tensor(stored: bytes, spec: TensorSpec) -> Array | int:
    """Returns the output in its shape, or the element of the first pad byte that is not zero."""
    table = np.frombuffer(stored, np.uint8).reshape(spec.rows, spec.stride)
    dirty_rows = np.flatnonzero(table[:, spec.row_bytes :].any(axis=1))
    if dirty_rows.size:
        row = int(dirty_rows[0])
        pad = spec.row_bytes + int(np.flatnonzero(table[row, spec.row_bytes :])[0])
        return (row * spec.stride + pad) // spec.dtype.size
    dense = np.ascontiguousarray(table[:, : spec.row_bytes])
    return dense.view(spec.dtype.numpy).reshape(spec.shape)

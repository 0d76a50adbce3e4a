"""Verifies a committed trace: roots first, then every operator from the committed operands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from keeper.verification.cost import CheckCost
from keeper.verification.field import Randomness, random_elements
from keeper.verification.linear import linear_operator_holds
from keeper.verification.recompute import first_difference
from kernels.evidence import Place, element_at
from kernels.graph import Graph, is_linear
from kernels.reference import operands
from kernels.trace import MerkleTree, trace_root
from kernels.trace.layout import Array
from kernels.trace.merkle import TENSOR


@dataclass(frozen=True, slots=True)
class CommittedStage:
    """Operators first..last - 1 and the trace root their provider committed."""

    first: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Accept:
    """Every element of every operator is right."""


@dataclass(frozen=True, slots=True)
class Reject:
    """The first wrong element: its operator, and its index as the referee counts.

    That is an index over the output's whole leaf space, padding included: see
    programs/referee/README.md.
    """

    operator: int
    element: int


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Data is missing or is not what was committed; missing tells which operators or stage."""

    missing: str


@dataclass(frozen=True, slots=True)
class TraceVerdict:
    """What was found and what finding it cost."""

    finding: Accept | Reject | Unavailable
    cost: CheckCost = field(compare=False)


def verify_trace(
    graph: Graph,
    inputs: Sequence[Array],
    outputs: Sequence[bytes | None],
    stages: Sequence[CommittedStage],
    randomness: Randomness = random_elements,
) -> TraceVerdict:
    """Check the canonical bytes of operators 0..n - 1 against stages that cover exactly these.

    randomness must be drawn after the commitment was made; the default draws it on each call.
    Raises ValueError when the stages do not follow each other from operator 0, GraphError when
    the inputs are not the graph's.
    """
    graph.check_inputs(inputs)
    _require_cover(stages, len(outputs))
    check = _Check(graph, inputs, randomness)
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
    def __init__(self, graph: Graph, inputs: Sequence[Array], randomness: Randomness) -> None:
        self.cost = CheckCost()
        self._graph = graph
        self._inputs = inputs
        self._randomness = randomness

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
        uncommitted = _first_uncommitted(available, stages)
        self.cost.hashing_seconds = perf_counter() - started
        if uncommitted is not None:
            return Unavailable(f"stage {uncommitted.first}..{uncommitted.last}")
        checked: list[Array] = []
        for number, (stored, spec) in enumerate(zip(available, specs, strict=True)):
            table = np.frombuffer(stored, np.uint8).reshape(spec.rows, spec.stride)
            dirty_rows = np.flatnonzero(table[:, spec.row_bytes :].any(axis=1))
            if dirty_rows.size:
                row = int(dirty_rows[0])
                pad = spec.row_bytes + int(np.flatnonzero(table[row, spec.row_bytes :])[0])
                return Reject(number, (row * spec.stride + pad) // spec.dtype.size)
            dense = np.ascontiguousarray(table[:, : spec.row_bytes])
            checked.append(dense.view(spec.dtype.numpy).reshape(spec.shape))
            element = self._first_wrong(number, checked)
            if element is not None:
                place = Place(*divmod(element, spec.shape[3]))
                return Reject(number, element_at(spec, place))
        return Accept()

    def _first_wrong(self, number: int, outputs: Sequence[Array]) -> int | None:
        descriptor, actual = self._graph.descriptors[number], outputs[number]
        reads = operands(self._graph, number, self._inputs, outputs)
        if is_linear(descriptor.opcode) and linear_operator_holds(
            descriptor, reads, actual, self._randomness, self.cost
        ):
            return None
        # An honest sum that wraps in int32 fails the check over the integers too, so only the
        # recomputation convicts.
        self.cost.macs += descriptor.multiply_adds
        return first_difference(descriptor, reads, actual)


def _first_uncommitted(
    outputs: Sequence[bytes], stages: Sequence[CommittedStage]
) -> CommittedStage | None:
    for stage in stages:
        roots = [MerkleTree(TENSOR, data).root for data in outputs[stage.first : stage.last]]
        if trace_root(roots) != stage.root:
            return stage
    return None

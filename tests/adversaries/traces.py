"""What a provider computed, and what it claims to have computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from solders.pubkey import Pubkey

from kernels.graph import Graph, GraphBuilder
from tests.kernels.evidence.committed import Committed, positions
from tests.kernels.evidence.record import inputs_of


def network() -> Graph:
    """Returns nine operators over 4 x 8 int8, one more than a verdict has stages."""
    random = np.random.default_rng(0)
    weights = [
        random.integers(-128, 128, shape).astype(np.int8) for shape in ((6, 8), (5, 6), (7, 5))
    ]
    bias, shift = (random.integers(-1_000, 1_000, shape).astype(np.int32) for shape in (6, (4, 7)))
    builder = GraphBuilder()
    value = builder.matmul(builder.input((4, 8)), weights[0], bias)
    value = builder.matmul(builder.relu(builder.requantise(value, 2**30, 36)), weights[1])
    value = builder.matmul(builder.relu(builder.requantise(value, 2**30, 35)), weights[2])
    builder.argmax(builder.add(value, shift))
    return builder.build()


GRAPH: Final = network()
Place = tuple[int, int]
"""Operator and element."""
PLACES: Final[Sequence[Place]] = tuple(
    (operator, element)
    for operator, spec in enumerate(GRAPH.outputs)
    for element in positions(spec).values()
)
"""The first, middle, last and padded elements of every operator."""
OPERATORS: Final = len(GRAPH.descriptors)


@dataclass(frozen=True, slots=True)
class Work:
    """A stage as its provider knows it. `served`: everyone who asks receives its outputs.

    `opens` is false where the root was made up, so that nothing can ever be shown for it.
    """

    provider: Pubkey
    first: int
    last: int
    lies: frozenset[Place]
    served: bool
    opens: bool = True


def trace_of(works: Sequence[Work]) -> Committed:
    """Returns the trace that the stages together commit."""
    return _trace(
        tuple((work.first, work.last) for work in works),
        frozenset[Place]().union(*(work.lies for work in works)),
    )


@cache
def _trace(stages: tuple[tuple[int, int], ...], lies: frozenset[Place]) -> Committed:
    wrong: Mapping[int, set[int]] = {
        operator: {element for at, element in lies if at == operator} for operator, _ in lies
    }
    return Committed(GRAPH, inputs_of(GRAPH), stages, wrong)


@cache
def _wrong_places(trace: Committed) -> tuple[Place, ...]:
    return tuple(
        (operator, element)
        for operator in range(len(GRAPH.outputs))
        for element in trace.wrong(operator)
    )


def wrong_places(works: Sequence[Work]) -> tuple[Place, ...]:
    """Returns every element, padding included, that differs from its recomputed value."""
    covered = works[-1].last if works else 0
    return tuple(place for place in _wrong_places(trace_of(works)) if place[0] < covered)

"""One step of SGD: adds the shards' gradients, scales the sum and applies it to the weights."""

from dataclasses import dataclass

import numpy as np

from kernels.graph import Graph, GraphBuilder
from kernels.graph.fixed_point import fixed_point
from kernels.trace import DType
from kernels.training.network import (
    GRADIENT_BITS,
    MASTER_BITS,
    MASTER_LIMIT,
    WEIGHT_BITS,
    Network,
)

MIN_SHARDS = 2
MAX_SHARDS = 7


@dataclass(frozen=True, slots=True)
class Aggregation:
    """The graph, and the operators whose outputs are the sum, master weights and int8 weights."""

    graph: Graph
    total: int
    master: int
    weights: int


def aggregation_graph(network: Network, shards: int, examples: int, rate: float) -> Aggregation:
    """Returns the graph of master + rate / examples · Σ directions, and of its int8 form.

    Job input 0 is the master weights int32 [1, 1, rows, width], inputs 1..shards are the shards'
    descent directions in the same shape. Raises ValueError on a bad number of shards or rate.
    """
    if not MIN_SHARDS <= shards <= MAX_SHARDS:
        raise ValueError(f"{shards} shards; a job adds {MIN_SHARDS} to {MAX_SHARDS}")
    if not 0.0 < rate <= 1.0:
        raise ValueError(f"learning rate {rate}; it must be above 0 and at most 1")
    shape = (network.rows, network.width)
    build = GraphBuilder()
    master = build.input(shape, DType.INT32)
    total = build.input(shape, DType.INT32)
    for _ in range(1, shards):
        total = build.add(total, build.input(shape, DType.INT32))
    factor = np.array([rate / examples * 2.0 ** (MASTER_BITS - GRADIENT_BITS)])
    multipliers, scales = fixed_point(factor)
    # Both terms are clamped before they are added, so their sum is far inside int32.
    scaled = build.requantise(
        total,
        int(multipliers[0]),
        int(scales[0]),
        clamp=(-MASTER_LIMIT, MASTER_LIMIT),
        dtype=DType.INT32,
    )
    moved = build.relu(build.add(master, scaled), -MASTER_LIMIT, MASTER_LIMIT)
    weights = build.requantise(moved, 1, MASTER_BITS - WEIGHT_BITS)
    return Aggregation(build.build(), total.source.index, moved.source.index, weights.source.index)

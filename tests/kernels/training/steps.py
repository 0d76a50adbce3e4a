"""One step over several shards, committed as its jobs would commit it."""

from dataclasses import dataclass, field

import numpy as np

from kernels.graph import Graph
from kernels.graph.reference import NumpyExecutor
from kernels.trace import inputs_root, tensor_root
from kernels.trace.layout import Array
from kernels.training import (
    Aggregate,
    Aggregation,
    Contribution,
    Network,
    Part,
    Shard,
    aggregation_graph,
    check_aggregation,
    initial_master,
    open_tensor,
    rounded,
    shard_graph,
)

NETWORK = Network(width=64, classes=10)
BATCH = 12
SHARDS = 3
AGGREGATOR = "aggregator"


def examples(seed: int) -> Shard:
    rng = np.random.default_rng(seed)
    images = rng.integers(-120, 121, (BATCH, NETWORK.width), np.int8)
    labels = np.eye(NETWORK.classes, dtype=np.int8)[rng.integers(0, NETWORK.classes, BATCH)]
    return Shard(images, labels)


def committed(graph: Graph, inputs: list[Array]) -> tuple[list[Array], list[bytes]]:
    outputs = NumpyExecutor().execute(graph, inputs)
    return outputs, [tensor_root(output) for output in outputs]


@dataclass(slots=True)
class Step:
    """The commitments of one step's providers and of its aggregator."""

    master: Array
    graph: Graph = field(default_factory=lambda: shard_graph(NETWORK, BATCH))
    sums: Aggregation = field(
        default_factory=lambda: aggregation_graph(NETWORK, SHARDS, SHARDS * BATCH, 0.5)
    )
    parts: list[Part] = field(default_factory=list)
    contributions: dict[int, Contribution] = field(default_factory=dict)
    gradients: list[Array] = field(default_factory=list)
    outputs: list[Array] = field(default_factory=list)

    def __post_init__(self) -> None:
        weights = rounded(self.master)
        for number in range(SHARDS):
            shard = examples(number)
            inputs = [shard.images[None, None], weights, shard.labels[None, None]]
            outputs, roots = committed(self.graph, inputs)
            root = inputs_root([tensor_root(each) for each in inputs])
            gradient = open_tensor(range(len(roots)), roots, len(roots) - 1, outputs[-1])
            self.parts.append(Part(number, root))
            self.gradients.append(outputs[-1])
            self.contributions[number] = Contribution(f"provider {number}", root, gradient)

    def aggregate(self, given: list[Array] | None = None, spoil: int | None = None) -> Aggregate:
        """Runs the aggregator's job on these tensors; element `spoil` of the sum is wrong."""
        used = self.gradients if given is None else given
        self.outputs, roots = committed(self.sums.graph, [self.master, *used])
        total = self.outputs[self.sums.total].copy()
        if spoil is not None:
            total.reshape(-1)[spoil] ^= 1
            roots[self.sums.total] = tensor_root(total)
        master_root = tensor_root(self.master)
        return Aggregate(
            AGGREGATOR,
            inputs_root([master_root, *(tensor_root(each) for each in used)]),
            master_root,
            tuple(used),
            open_tensor(range(len(roots)), roots, self.sums.total, total),
        )

    def check(self, aggregate: Aggregate) -> int:
        positions = len(self.graph.descriptors) - 1, self.sums.total
        shape = self.graph.outputs[-1].shape
        return check_aggregation(self.parts, self.contributions, aggregate, positions, shape)


def first_step() -> Step:
    return Step(initial_master(NETWORK, 3))

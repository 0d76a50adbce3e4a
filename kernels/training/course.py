"""A whole training: its data, its graphs, and the inputs and weights of every step."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kernels.graph import Graph
from kernels.graph.reference import Executor
from kernels.trace.layout import Array
from kernels.training.aggregation import Aggregation, aggregation_graph
from kernels.training.network import Network, Shard, initial_master, rounded
from kernels.training.shard import shard_graph

# The seeds of batches in different steps, or of different shards, must not coincide.
_STEP_STRIDE = 1 << 16
_SHARD_STRIDE = 1 << 24


@dataclass(frozen=True, slots=True)
class Weights:
    """Master weights int32 [1, 1, rows, width] and the int8 weights rounded from them."""

    master: Array
    narrow: Array


@dataclass(frozen=True, slots=True)
class Course:
    """SGD over shards of one size, with `batch` examples of each per step; equal on every machine.

    Raises ValueError when a batch is larger than its shard, and the errors of the two graphs.
    """

    network: Network
    shards: tuple[Shard, ...]
    batch: int
    rate: float
    seed: int
    gradient: Graph = field(init=False, repr=False)
    sums: Aggregation = field(init=False, repr=False)

    def __post_init__(self) -> None:
        least = min(len(shard.images) for shard in self.shards)
        if not 1 <= self.batch <= least:
            raise ValueError(f"a batch of {self.batch}; every shard has {least} examples")
        examples = self.batch * len(self.shards)
        sums = aggregation_graph(self.network, len(self.shards), examples, self.rate)
        object.__setattr__(self, "gradient", shard_graph(self.network, self.batch))
        object.__setattr__(self, "sums", sums)

    @property
    def multiply_adds(self) -> int:
        """The multiply-adds of one step."""
        return self.gradient.multiply_adds * len(self.shards) + self.sums.graph.multiply_adds

    def start(self) -> Weights:
        """Returns the weights before the first step."""
        master = initial_master(self.network, self.seed)
        return Weights(master, rounded(master))

    def inputs(self, step: int, weights: Weights) -> list[list[Array]]:
        """Returns the job inputs of every shard's gradient."""
        seed = self.seed + _STEP_STRIDE * step
        drawn = [
            shard.batch(self.batch, (seed + _SHARD_STRIDE * number) % (1 << 32))
            for number, shard in enumerate(self.shards)
        ]
        return [
            [each.images[None, None], weights.narrow, each.labels[None, None]] for each in drawn
        ]

    def weights_of(self, outputs: list[Array]) -> Weights:
        """Returns the next weights, which are among the aggregation's outputs."""
        return Weights(outputs[self.sums.master], outputs[self.sums.weights])

    def run(self, executor: Executor) -> Iterator[Weights]:
        """Yields the weights before the first step and after each step, without end."""
        weights, step = self.start(), 0
        while True:
            yield weights
            parts = [
                executor.execute(self.gradient, inputs)[-1] for inputs in self.inputs(step, weights)
            ]
            outputs = executor.execute(self.sums.graph, [weights.master, *parts])
            weights, step = self.weights_of(outputs), step + 1

"""Training in integers: gradients of shards, their sum, and the next weights, as exact graphs."""

from kernels.training.aggregation import Aggregation, aggregation_graph
from kernels.training.course import Course, Weights
from kernels.training.leaves import (
    Aggregate,
    AggregationError,
    Contribution,
    Fault,
    Opened,
    Part,
    check_aggregation,
    open_tensor,
)
from kernels.training.network import Network, Shard, initial_master, one_hot, rounded, shards
from kernels.training.shard import forward_graph, shard_graph

__all__ = [
    "Aggregate",
    "Aggregation",
    "AggregationError",
    "Contribution",
    "Course",
    "Fault",
    "Network",
    "Opened",
    "Part",
    "Shard",
    "Weights",
    "aggregation_graph",
    "check_aggregation",
    "forward_graph",
    "initial_master",
    "one_hot",
    "open_tensor",
    "rounded",
    "shard_graph",
    "shards",
]

"""Data parallel: each node runs the whole graph on its share of the examples."""

from dataclasses import dataclass

from keeper.training.plan.cluster import Cluster, deal
from keeper.training.plan.performance import Performance
from kernels.graph import Graph, TensorSpec, memory_plan

# An example is an image [N, ...], or a row where N is 1.
_IMAGES, _ROWS = 0, 2


@dataclass(frozen=True, slots=True)
class ExamplePlan:
    """The examples per node, and the model's prediction for a step."""

    shares: tuple[int, ...]
    performance: Performance


def plan_examples(graph: Graph, cluster: Cluster) -> ExamplePlan:
    """Share the examples by throughput within each node's memory.

    The plan is valid if examples do not mix, or if partial results are added, as for a gradient. A
    tensor without an axis of examples is sent to, or returned by, every node whole. Raises
    PlanError if the examples do not fit.
    """
    first = graph.inputs[0].shape
    axis = _IMAGES if first[_IMAGES] > 1 else _ROWS
    examples = first[axis]

    def split(spec: TensorSpec) -> tuple[int, int]:
        """Returns the bytes per example and the bytes per node."""
        stored = spec.stored_bytes
        return (stored // examples, 0) if spec.shape[axis] == examples else (0, stored)

    moved = [split(spec) for spec in (*graph.inputs, graph.outputs[-1])]
    plan = memory_plan(graph)
    fixed = plan.constants + plan.descriptors
    each = -(-(plan.peak - fixed) // examples)
    room = [max(0, (node.memory - fixed) // each) for node in cluster.nodes]
    shares = deal(examples, cluster.throughputs, room)
    work = graph.multiply_adds
    computation = max(
        work * share / examples / node.throughput
        for share, node in zip(shares, cluster.nodes, strict=True)
    )
    # Both directions count: inputs before a node starts, the result after it has finished.
    sizes = (sum(one * share + whole for one, whole in moved) for share in shares if share)
    communication = cluster.link.latency + max(map(cluster.link.seconds, sizes))
    return ExamplePlan(
        shares, Performance.of_step(work, cluster.throughputs, communication, computation)
    )

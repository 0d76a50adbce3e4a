"""Data parallel: every node runs the whole graph on its share of the examples."""

from dataclasses import dataclass

from keeper.training.plan.cluster import Cluster, deal
from keeper.training.plan.performance import Performance
from kernels.graph import Graph, TensorSpec, memory_plan

# An example is an image [N, ...], or a row where N is 1.
_IMAGES, _ROWS = 0, 2


@dataclass(frozen=True, slots=True)
class ExamplePlan:
    """Examples of each node, and what the model predicts for a step."""

    shares: tuple[int, ...]
    performance: Performance


def plan_examples(graph: Graph, cluster: Cluster) -> ExamplePlan:
    """Share the examples by throughput, as far as memory reaches; PlanError where it does not.

    Right where examples do not mix, or where the parts of a result are added, as of a gradient. A
    tensor without an axis of examples goes to every node, or comes from each, whole.
    """
    first = graph.inputs[0].shape
    axis = _IMAGES if first[_IMAGES] > 1 else _ROWS
    examples = first[axis]

    def split(spec: TensorSpec) -> tuple[int, int]:
        """Bytes an example, and bytes for every node."""
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
    # There and back: the inputs before a node starts, the result once it is done.
    sizes = (sum(one * share + whole for one, whole in moved) for share in shares if share)
    communication = cluster.link.latency + max(map(cluster.link.seconds, sizes))
    return ExamplePlan(
        shares, Performance.of_step(work, cluster.throughputs, communication, computation)
    )

"""Model parallel: matrix products and convolutions split by output columns.

Every node holds every tensor. It computes its columns of a split operator and then fetches the
other columns from the other nodes. All nodes compute an operator that is not split.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from keeper.training.plan.cluster import Cluster, PlanError, deal
from keeper.training.plan.performance import Performance
from kernels.graph import Descriptor, Graph, InputKind, input_spec, is_linear, memory_plan

Columns = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The columns per node for every operator, or None where all nodes compute it whole."""

    columns: tuple[Columns | None, ...]
    performance: Performance


def plan_columns(graph: Graph, cluster: Cluster) -> ColumnPlan:
    """Split each operator for which that is faster, and more operators if memory requires it.

    If memory suffices, no other choice of operators is faster. Raises PlanError when even splitting
    every operator does not fit.
    """
    candidates = [_columns_of(descriptor, cluster) for descriptor in graph.descriptors]
    chosen = [
        columns if columns is not None and _pays(descriptor, columns, cluster) else None
        for descriptor, columns in zip(graph.descriptors, candidates, strict=True)
    ]
    by_weight = sorted(
        (at for at, columns in enumerate(candidates) if columns is not None),
        key=lambda at: _constant_bytes(graph.descriptors[at]),
    )
    while not _fits(graph, chosen, cluster):
        at = next((at for at in reversed(by_weight) if chosen[at] is None), None)
        if at is None:
            raise PlanError("the nodes' memory does not hold their columns of the graph")
        chosen[at] = candidates[at]
    return ColumnPlan(tuple(chosen), column_performance(graph, chosen, cluster))


def column_performance(
    graph: Graph, columns: Sequence[Columns | None], cluster: Cluster
) -> Performance:
    """Returns the model's prediction for these columns."""
    pairs = list(zip(graph.descriptors, columns, strict=True))
    computation = sum(_computing(*pair, cluster) for pair in pairs)
    communication = sum(_gathering(*pair, cluster) for pair in pairs)
    return Performance.of_step(graph.multiply_adds, cluster.throughputs, communication, computation)


def _columns_of(descriptor: Descriptor, cluster: Cluster) -> Columns | None:
    width = descriptor.output_shape[3]
    if not is_linear(descriptor) or len(cluster.nodes) == 1:
        return None
    return deal(width, cluster.throughputs, [width] * len(cluster.nodes))


def _pays(descriptor: Descriptor, columns: Columns, cluster: Cluster) -> bool:
    split = _computing(descriptor, columns, cluster) + _gathering(descriptor, columns, cluster)
    return split < _computing(descriptor, None, cluster)


def _computing(descriptor: Descriptor, columns: Columns | None, cluster: Cluster) -> float:
    work, width = descriptor.multiply_adds, descriptor.output_shape[3]
    if columns is None:
        return work / min(cluster.throughputs)
    return max(
        work * held / width / node.throughput
        for held, node in zip(columns, cluster.nodes, strict=True)
    )


def _gathering(descriptor: Descriptor, columns: Columns | None, cluster: Cluster) -> float:
    if columns is None:
        return 0.0
    rows = descriptor.output_shape[0] * descriptor.output_shape[1] * descriptor.output_shape[2]
    missing = descriptor.output_shape[3] - min(columns)
    return cluster.link.seconds(rows * missing * descriptor.dtype_out.size)


def _constant_bytes(descriptor: Descriptor) -> int:
    return sum(
        input_spec(descriptor, position).stored_bytes
        for position, operand in enumerate(descriptor.inputs)
        if operand.kind is InputKind.CONSTANT
    )


def _fits(graph: Graph, columns: Sequence[Columns | None], cluster: Cluster) -> bool:
    plan = memory_plan(graph)
    for at, node in enumerate(cluster.nodes):
        held = sum(
            _constant_bytes(descriptor)
            if split is None
            else -(-_constant_bytes(descriptor) * split[at] // descriptor.output_shape[3])
            for descriptor, split in zip(graph.descriptors, columns, strict=True)
        )
        if plan.peak - plan.constants + held > node.memory:
            return False
    return True

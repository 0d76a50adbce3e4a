from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, pairwise

import pytest
from hypothesis import given, settings

from keeper.training.plan import Cluster, Link, Node, PlanError, plan_pipeline
from keeper.training.plan.pipeline import Stage
from kernels.graph import Graph, InputKind, input_spec
from tests.keeper.training.plan.clusters import PLENTY, chain, clusters, graphs


def received(graph: Graph, first: int, last: int) -> int:
    """Bytes of the distinct tensors that a stage reads from before it."""
    read = {}
    for descriptor in graph.descriptors[first:last]:
        for position, operand in enumerate(descriptor.inputs):
            inside = operand.kind is InputKind.OPERATOR_OUTPUT and operand.index >= first
            if operand.kind is not InputKind.CONSTANT and not inside:
                read[operand] = input_spec(descriptor, position).stored_bytes
    return sum(read.values())


def every_cut(graph: Graph, cluster: Cluster) -> Iterator[tuple[float, int]]:
    """Slowest stage and bytes moved of every way to give consecutive operators to the nodes."""
    count = len(graph.descriptors)
    for inner in combinations_with_replacement(range(count + 1), len(cluster.nodes) - 1):
        slowest, moved = 0.0, 0
        for node, (first, last) in zip(cluster.nodes, pairwise((0, *inner, count)), strict=True):
            if first == last:
                continue
            size = received(graph, first, last)
            work = sum(each.multiply_adds for each in graph.descriptors[first:last])
            slowest = max(slowest, work / node.throughput + cluster.link.seconds(size))
            moved += size
        yield slowest, moved


@settings(max_examples=60, deadline=None)
@given(graph=graphs, cluster=clusters)
def test_no_cut_is_better(graph: Graph, cluster: Cluster) -> None:
    plan = plan_pipeline(graph, cluster)
    best_time, best_bytes = min(every_cut(graph, cluster))
    time = plan.performance.communication + plan.performance.computation
    assert time == pytest.approx(best_time)
    assert plan.cut_bytes == best_bytes


@settings(max_examples=60, deadline=None)
@given(graph=graphs, cluster=clusters)
def test_every_operator_is_in_one_stage_and_nodes_keep_their_order(
    graph: Graph, cluster: Cluster
) -> None:
    stages = plan_pipeline(graph, cluster).stages
    covered = [at for stage in stages for at in range(stage.first, stage.last)]
    assert covered == list(range(len(graph.descriptors)))
    assert all(before.node < after.node for before, after in pairwise(stages))
    assert sum(stage.work for stage in stages) == graph.multiply_adds


@settings(max_examples=40, deadline=None)
@given(graph=graphs, cluster=clusters)
def test_the_model_gives_the_time_of_the_slowest_stage(graph: Graph, cluster: Cluster) -> None:
    found = plan_pipeline(graph, cluster).performance
    assert found.seconds(graph.multiply_adds) == pytest.approx(
        found.communication + found.computation
    )
    assert 0.0 < found.efficiency <= 1.0 + 1e-9


def test_memory_decides_where_a_node_is_too_small() -> None:
    graph = chain([200, 200, 200, 5])
    free = Cluster(tuple(Node(str(at), 1e6, PLENTY) for at in range(2)), Link(1e9, 0.0))
    half = plan_pipeline(graph, free)
    assert [stage.last for stage in half.stages] == [2, 6]
    small = replace(free, nodes=(Node("0", 1e6, 1 << 10), free.nodes[1]))
    assert plan_pipeline(graph, small).stages == (Stage(1, 0, 6, graph.multiply_adds, 6 * 256),)


def test_a_graph_that_fits_nowhere_is_refused() -> None:
    cluster = Cluster((Node("0", 1e6, 1 << 10),), Link(1e9, 0.0))
    with pytest.raises(PlanError, match="memory"):
        plan_pipeline(chain([200, 200]), cluster)


def test_measured_work_moves_the_cut() -> None:
    graph = chain([40, 40, 40])
    cluster = Cluster(tuple(Node(str(at), 1e6, PLENTY) for at in range(2)), Link(1e9, 0.0))
    assert [stage.last for stage in plan_pipeline(graph, cluster).stages] == [2, 4]
    slow_last = [1e4, 1e4, 1e4, 9e4]
    moved = plan_pipeline(graph, cluster, slow_last)
    assert [(stage.last, stage.work) for stage in moved.stages] == [(3, 3e4), (4, 9e4)]

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings

from keeper.training.plan import Cluster, Link, Node, PlanError, plan_columns
from keeper.training.plan.cluster import deal
from keeper.training.plan.columns import column_performance
from kernels.graph import Graph, is_linear, memory_plan
from tests.keeper.training.plan.clusters import chain, clusters, graphs


@settings(max_examples=60, deadline=None)
@given(graph=graphs, cluster=clusters)
def test_no_choice_of_operators_is_faster(graph: Graph, cluster: Cluster) -> None:
    found = plan_columns(graph, cluster).performance.seconds(graph.multiply_adds)
    widths = [
        descriptor.output_shape[3] if is_linear(descriptor) else None
        for descriptor in graph.descriptors
    ]
    choices = [
        [None]
        if width is None
        else [None, deal(width, cluster.throughputs, [width] * len(cluster.nodes))]
        for width in widths
    ]
    best = min(
        column_performance(graph, choice, cluster).seconds(graph.multiply_adds)
        for choice in product(*choices)
    )
    assert found == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(graph=graphs, cluster=clusters)
def test_the_columns_of_a_split_operator_are_all_of_them(graph: Graph, cluster: Cluster) -> None:
    plan = plan_columns(graph, cluster)
    assert len(plan.columns) == len(graph.descriptors)
    for descriptor, columns in zip(graph.descriptors, plan.columns, strict=True):
        if columns is not None:
            assert is_linear(descriptor)
            assert sum(columns) == descriptor.output_shape[3]


def test_a_slow_link_leaves_everything_whole_unless_memory_is_short() -> None:
    graph = chain([200, 200, 200])
    memory = memory_plan(graph).peak
    slow = Cluster(tuple(Node(str(at), 1e9, memory) for at in range(2)), Link(1e3, 1.0))
    assert plan_columns(graph, slow).columns == (None, None, None, None)
    tight = replace(slow, nodes=tuple(Node(str(at), 1e9, memory - 20_000) for at in range(2)))
    assert plan_columns(graph, tight).columns == (None, None, (100, 100), None)


def test_what_fits_on_no_node_is_refused() -> None:
    cluster = Cluster(tuple(Node(str(at), 1e9, 4096) for at in range(2)), Link(1e9, 0.0))
    with pytest.raises(PlanError, match="memory"):
        plan_columns(chain([200, 200]), cluster)

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.training.plan import Cluster, Link, Node, PlanError, plan_examples
from keeper.training.plan.cluster import deal
from keeper.training.plan.performance import Performance
from kernels.graph import Graph, memory_plan
from kernels.training import Network, shard_graph
from tests.keeper.training.plan.clusters import PLENTY, ROWS, chain, clusters, graphs


@settings(max_examples=60, deadline=None)
@given(
    units=st.integers(1, 7),
    speeds=st.lists(st.sampled_from([1.0, 2.0, 3.5]), min_size=1, max_size=3),
    room=st.lists(st.integers(0, 7), min_size=3, max_size=3),
)
def test_units_are_dealt_as_well_as_can_be(
    units: int, speeds: list[float], room: list[int]
) -> None:
    limits = room[: len(speeds)]
    ways = [way for way in product(*(range(limit + 1) for limit in limits)) if sum(way) == units]
    if not ways:
        with pytest.raises(PlanError, match="room"):
            deal(units, speeds, limits)
        return

    def slowest(way: tuple[int, ...]) -> float:
        return max(held / speed for held, speed in zip(way, speeds, strict=True))

    found = deal(units, speeds, limits)
    assert found in ways
    assert slowest(found) == pytest.approx(min(map(slowest, ways)))


@settings(max_examples=40, deadline=None)
@given(graph=graphs, cluster=clusters)
def test_every_example_is_somebodys(graph: Graph, cluster: Cluster) -> None:
    plan = plan_examples(graph, cluster)
    assert sum(plan.shares) == ROWS
    assert 0.0 < plan.performance.efficiency <= 1.0 + 1e-9


def test_what_moves_is_the_share_of_images_and_all_of_weights_and_gradient() -> None:
    graph = shard_graph(Network(), 8)
    cluster = Cluster(tuple(Node(str(at), 1e6, PLENTY) for at in range(2)), Link(1e6, 0.5))
    plan = plan_examples(graph, cluster)
    assert plan.shares == (4, 4)
    images, labels, weights, gradient = 4 * 64, 4 * 16, 74 * 64, 74 * 256
    moved = images + labels + weights + gradient
    assert plan.performance.communication == pytest.approx(2 * 0.5 + moved / 1e6)
    assert plan.performance.computation == pytest.approx(graph.multiply_adds / 2e6)


def test_a_node_gets_no_more_than_its_memory_holds() -> None:
    graph = chain([200, 200])
    plan = memory_plan(graph)
    fixed = plan.constants + plan.descriptors
    each = -(-(plan.peak - fixed) // ROWS)
    nodes = Node("small", 1e9, fixed + 2 * each), Node("slow", 1e6, PLENTY)
    assert plan_examples(graph, Cluster(nodes, Link(1e9, 0.0))).shares == (2, 4)
    with pytest.raises(PlanError, match="room for 4 of 6"):
        plan_examples(graph, Cluster((nodes[0], nodes[0]), Link(1e9, 0.0)))


@pytest.mark.parametrize(
    ("nodes", "link", "told"),
    [
        ((), Link(1e9, 0.0), "at least one node"),
        ((Node("0", 0.0, PLENTY),), Link(1e9, 0.0), "throughput"),
        ((Node("0", 1e6, PLENTY),), Link(0.0, 0.0), "bandwidth"),
        ((Node("0", 1e6, PLENTY),), Link(1e9, -1.0), "latency"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(
    nodes: tuple[Node, ...], link: Link, told: str
) -> None:
    with pytest.raises(PlanError, match=told):
        Cluster(nodes, link)


def test_the_model_is_the_whitepapers() -> None:
    found = Performance(nodes=3, throughput=2e9, efficiency=0.5, communication=2.0, computation=1.0)
    assert found.rate == 3 * 2e9 * 0.5 / (1 + 2.0 / 1.0)
    assert found.seconds(10**9) == pytest.approx(1.0)
    assert np.isclose(found.as_json()["P"], 1e9)

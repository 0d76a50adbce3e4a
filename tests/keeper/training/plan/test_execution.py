from collections.abc import Sequence

import numpy as np
import pytest

from keeper.training.measurement import operator_works, seconds_alone_and_together
from keeper.training.plan import Cluster, Link, Node, Performance, plan_pipeline
from keeper.training.plan.execution import interval, measured_link, run_pipeline
from kernels.graph import Graph
from kernels.graph.reference import NumpyExecutor
from kernels.trace.layout import Array
from kernels.training import Network, initial_master, rounded, shard_graph
from tests.keeper.training.plan.clusters import PLENTY

GRAPH = shard_graph(Network(), 16)


def batches(count: int) -> list[list[Array]]:
    rng = np.random.default_rng(4)
    labels = np.eye(10, dtype=np.int8)[rng.integers(0, 10, 16)][None, None]
    weights = rounded(initial_master(Network(), 4))
    return [
        [rng.integers(-120, 120, (1, 1, 16, 64), np.int8), weights, labels] for _ in range(count)
    ]


class Failing:
    """Fails at its second batch."""

    def __init__(self) -> None:
        self._runs = 0

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        self._runs += 1
        if self._runs == 2:
            raise ValueError("broken")
        return NumpyExecutor().execute(graph, inputs)


@pytest.mark.parametrize("nodes", [1, 2, 3])
def test_a_pipeline_gives_the_bits_of_the_whole_in_order(nodes: int) -> None:
    cluster = Cluster(tuple(Node(str(at), 1e6, PLENTY) for at in range(nodes)), Link(1e9, 0.0))
    stages = plan_pipeline(GRAPH, cluster).stages
    assert len(stages) == nodes
    given = batches(4)
    executor = NumpyExecutor()
    results, times = run_pipeline(GRAPH, stages, [executor] * nodes, given)
    assert times == sorted(times)
    for result, inputs in zip(results, given, strict=True):
        assert np.array_equal(result, executor.execute(GRAPH, inputs)[-1])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_stage_that_fails_ends_the_pipeline() -> None:
    cluster = Cluster(tuple(Node(str(at), 1e6, PLENTY) for at in range(2)), Link(1e9, 0.0))
    stages = plan_pipeline(GRAPH, cluster).stages
    with pytest.raises(RuntimeError, match="1 of 3 batches"):
        run_pipeline(GRAPH, stages, [NumpyExecutor(), Failing()], batches(3))


def test_the_interval_is_that_of_the_full_pipeline() -> None:
    assert interval([9.0, 10.0, 12.0, 14.0]) == 2.0


def test_the_work_of_all_operators_is_the_graphs() -> None:
    works = operator_works(NumpyExecutor(), GRAPH, batches(1)[0])
    assert len(works) == len(GRAPH.descriptors)
    assert sum(works) == pytest.approx(GRAPH.multiply_adds)
    assert min(works) > 0.0


def test_what_is_measured_can_be_planned_with() -> None:
    alone, together = seconds_alone_and_together([NumpyExecutor()] * 2, GRAPH, batches(1)[0])
    assert min(alone, together) > 0.0
    link = measured_link()
    assert min(link.bandwidth, link.latency) > 0.0


def test_nodes_that_keep_half_take_twice_as_long_to_compute() -> None:
    whole = Performance(nodes=2, throughput=1e9, efficiency=1.0, communication=1.0, computation=1.0)
    half = whole.slowed(0.5)
    assert half.seconds(2 * 10**9) == pytest.approx(2.0 + 1.0)
    assert whole.seconds(2 * 10**9) == pytest.approx(1.0 + 1.0)

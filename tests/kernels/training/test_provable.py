"""Every wrong number in a training step can be proved wrong."""

from collections.abc import Callable

import numpy as np
import pytest

from kernels.evidence import judge, leaf_space
from kernels.graph import Graph
from kernels.trace.layout import Array
from kernels.training import Network, aggregation_graph, initial_master, rounded, shard_graph
from tests.kernels.evidence.committed import Committed
from tests.kernels.training.steps import BATCH, NETWORK, examples

RNG_SEED = 6


def gradient_material() -> tuple[Graph, list[Array]]:
    shard, weights = examples(1), rounded(initial_master(NETWORK, 1))
    return shard_graph(Network(), BATCH), [
        shard.images[None, None],
        weights,
        shard.labels[None, None],
    ]


def sum_material() -> tuple[Graph, list[Array]]:
    rng = np.random.default_rng(RNG_SEED)
    master = initial_master(NETWORK, 1)
    parts = [rng.integers(-(2**20), 2**20, master.shape, np.int32) for _ in range(3)]
    return aggregation_graph(NETWORK, 3, 3 * BATCH, 0.4).graph, [master, *parts]


@pytest.mark.parametrize("material", [gradient_material, sum_material])
def test_a_lie_in_any_operator_is_fraud_and_the_truth_is_not(
    material: Callable[[], tuple[Graph, list[Array]]],
) -> None:
    graph, inputs = material()
    whole = [(0, len(graph.descriptors))]
    rng = np.random.default_rng(RNG_SEED)
    places = [int(rng.integers(leaf_space(spec))) for spec in graph.outputs]
    honest = Committed(graph, inputs, whole).witness
    lies = {at: [element] for at, element in enumerate(places)}
    lying = Committed(graph, inputs, whole, lies).witness
    for operator, element in enumerate(places):
        claim = honest.claim(operator, element)
        assert not judge(claim, honest.stage(operator, element)).is_fraud
        claim = lying.claim(operator, element)
        assert judge(claim, lying.stage(operator, element)).is_fraud

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.graph import GraphError, Reason
from kernels.graph.reference import NumpyExecutor
from kernels.models.digits.images import held_out, training
from kernels.trace.layout import Array
from kernels.training import (
    Network,
    aggregation_graph,
    forward_graph,
    initial_master,
    one_hot,
    rounded,
    shard_graph,
    shards,
)
from kernels.training.network import GRADIENT_BITS, HIDDEN_BITS, INPUT_BITS, WEIGHT_BITS

NETWORK = Network()
RATE = 0.4


def real_direction(images: Array, weights: Array, labels: Array) -> Array:
    """Returns minus the gradient of the summed cross-entropy in float64."""
    x = images / 2.0**INPUT_BITS
    first, last = np.split(weights / 2.0**WEIGHT_BITS, [NETWORK.width])
    hidden = np.clip(x @ first.T, 0, 127 / 2.0**HIDDEN_BITS)
    scores = hidden @ last.T
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    error = labels - odds / odds.sum(axis=1, keepdims=True)
    below = error @ last * (hidden > 0)
    return np.concatenate([below.T @ x, error.T @ hidden])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), batch=st.integers(20, 60))
def test_the_integer_gradient_points_where_the_real_one_does(seed: int, batch: int) -> None:
    (shard,) = shards(*training(), 1, NETWORK.classes)
    drawn = shard.batch(batch, seed)
    weights = rounded(initial_master(NETWORK, seed))
    inputs = [drawn.images[None, None], weights, drawn.labels[None, None]]
    found = NumpyExecutor().execute(shard_graph(NETWORK, batch), inputs)[-1][0, 0]
    real = real_direction(drawn.images, weights[0, 0], drawn.labels)
    cosine = (found * real).sum() / np.linalg.norm(found) / np.linalg.norm(real)
    assert cosine > 0.98
    size = np.linalg.norm(found) / 2.0**GRADIENT_BITS / np.linalg.norm(real)
    assert 0.9 < size < 1.1


def test_a_batch_of_more_than_a_product_sums_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        shard_graph(NETWORK, 4097)
    assert caught.value.reason is Reason.OPERAND_LIMIT


def test_labels_are_one_hot() -> None:
    assert one_hot(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_shards_share_no_example_and_have_one_size() -> None:
    images = np.arange(10, dtype=np.int8).reshape(10, 1)
    found = shards(images, np.zeros(10, np.int64), 3, 2)
    held = [shard.images.reshape(-1).tolist() for shard in found]
    assert [len(each) for each in held] == [3, 3, 3]
    assert len({value for each in held for value in each}) == 9


def test_a_batch_is_the_same_for_the_same_seed() -> None:
    (shard,) = shards(*training(), 1, NETWORK.classes)
    first, again, other = shard.batch(9, 1), shard.batch(9, 1), shard.batch(9, 2)
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize(
    ("count", "rate", "told"), [(1, RATE, "shards"), (8, RATE, "shards"), (3, 0.0, "rate")]
)
def test_an_impossible_sum_is_refused(count: int, rate: float, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        aggregation_graph(NETWORK, count, 10, rate)


def test_a_step_moves_by_the_rate_and_stays_inside_the_clamp() -> None:
    sums = aggregation_graph(NETWORK, 2, 8, 0.5)
    rng = np.random.default_rng(5)
    master = initial_master(NETWORK, 5)
    parts = [rng.integers(-(2**18), 2**18, master.shape, np.int32) for _ in range(2)]
    outputs = NumpyExecutor().execute(sums.graph, [master, *parts])
    factor = 0.5 / 8 * 2**7
    expected = master + np.floor((parts[0] + parts[1]) * factor + 0.5)
    limit = 127 << 16
    assert np.array_equal(outputs[sums.master], np.clip(expected, -limit, limit))
    assert np.array_equal(outputs[sums.weights], rounded(outputs[sums.master]))
    far = np.full_like(master, 2**30)
    pushed = NumpyExecutor().execute(sums.graph, [master, far, np.zeros_like(far)])
    assert np.array_equal(pushed[sums.master], np.minimum(master + limit, limit))


def test_the_digits_are_learned_from_integers_alone() -> None:
    executor, count = NumpyExecutor(), 3
    parts = shards(*training(), count, NETWORK.classes)
    size = len(parts[0].images)
    step, sums = shard_graph(NETWORK, size), aggregation_graph(NETWORK, count, count * size, RATE)
    master = initial_master(NETWORK, 7)
    images, labels = held_out()
    score = forward_graph(NETWORK, len(images))

    def accuracy(weights: Array) -> float:
        found = executor.execute(score, [images.reshape(1, 1, -1, NETWORK.width), weights])[-1]
        return float(np.mean(found.reshape(-1) == labels))

    before = accuracy(rounded(master))
    for _ in range(25):
        inputs = [
            [part.images[None, None], rounded(master), part.labels[None, None]] for part in parts
        ]
        directions = [executor.execute(step, each)[-1] for each in inputs]
        master = executor.execute(sums.graph, [master, *directions])[sums.master]
    assert before < 0.2
    assert accuracy(rounded(master)) > 0.9

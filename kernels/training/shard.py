"""A shard's gradient: forward pass, softmax, error and backward pass as one exact graph."""

from dataclasses import dataclass
from math import log, log2

import numpy as np

from kernels.graph import Graph, GraphBuilder, Value
from kernels.trace import DType
from kernels.training.network import (
    BACKWARD_BITS,
    ERROR_BITS,
    GRADIENT_BITS,
    HIDDEN_BITS,
    INPUT_BITS,
    WEIGHT_BITS,
    Network,
)

# Softmax gives at most 255/256, in units of 1/256 with zero point -128, so a label counts 255.
_PROBABILITY_BITS = 8
_ZERO_POINT = -128
_CERTAIN = 255
_SOFTMAX_SHIFT = 14
_ROUNDED_SHIFT = 1

_TRANSPOSED = (0, 1, 3, 2)


@dataclass(frozen=True, slots=True)
class _Layers:
    first: Value
    last: Value
    hidden: Value
    scores: Value


def forward_graph(network: Network, images: int) -> Graph:
    """Returns the graph that classifies images with int8 weights.

    Inputs int8 [1, 1, images, width] and [1, 1, rows, width]; result int32 [1, 1, images, 1].
    """
    build = GraphBuilder()
    x = build.input((images, network.width))
    weights = build.input((network.rows, network.width))
    build.argmax(_forward(build, network, x, weights).scores)
    return build.build()


def shard_graph(network: Network, batch: int) -> Graph:
    """Returns the graph of the descent direction: minus the gradient of summed cross-entropy.

    Inputs: images int8 [1, 1, batch, width], weights int8 [1, 1, rows, width], one-hot labels int8
    [1, 1, batch, classes]. Result: int32 [1, 1, rows, width] with GRADIENT_BITS fractional bits.
    Raises GraphError when the batch exceeds a matrix product's 4,096 terms.
    """
    build = GraphBuilder()
    x = build.input((batch, network.width))
    weights = build.input((network.rows, network.width))
    labels = build.input((batch, network.classes))
    layers = _forward(build, network, x, weights)
    error = _error(build, layers.scores, labels)
    last = build.matmul(build.transpose(error, _TRANSPOSED), _columns(build, layers.hidden))
    first = build.matmul(
        build.transpose(_backward(build, layers, error), _TRANSPOSED), _columns(build, x)
    )
    build.concat(first, _scaled_up(build, last, GRADIENT_BITS - HIDDEN_BITS - ERROR_BITS), 2)
    return build.build()


def _forward(build: GraphBuilder, network: Network, x: Value, weights: Value) -> _Layers:
    width, classes = network.width, network.classes
    first = build.slice(weights, (0, 0, 0, 0), (1, 1, width, width))
    last = build.slice(weights, (0, 0, width, 0), (1, 1, classes, width))
    sums = build.matmul(x, first)
    hidden = build.relu(build.requantise(sums, 1, INPUT_BITS + WEIGHT_BITS - HIDDEN_BITS))
    return _Layers(first, last, hidden, build.matmul(hidden, last))


def _error(build: GraphBuilder, scores: Value, labels: Value) -> Value:
    """Returns label minus probability, int8 with ERROR_BITS fractional bits."""
    scale = HIDDEN_BITS + WEIGHT_BITS - log2(1024 / log(2.0))
    multiplier = round(2.0 ** (_SOFTMAX_SHIFT - scale))
    odds = build.softmax(scores, multiplier, _SOFTMAX_SHIFT)
    negative = build.multiply(odds, np.full((1, 1, 1, 1), -1, np.int8), zero_point_a=_ZERO_POINT)
    certain = np.full((1, 1, 1, 1), _CERTAIN + _ZERO_POINT, np.int8)
    truth = build.multiply(labels, certain, zero_point_b=_ZERO_POINT)
    return build.requantise(build.add(truth, negative), 1, _PROBABILITY_BITS - ERROR_BITS)


def _backward(build: GraphBuilder, layers: _Layers, error: Value) -> Value:
    """Returns the error at the hidden layer's sums, int8 with BACKWARD_BITS.

    It is zero where ReLU is off.
    """
    passed = build.matmul(error, _columns(build, layers.last))
    narrow = build.requantise(passed, 1, ERROR_BITS + WEIGHT_BITS - BACKWARD_BITS)
    active = build.lookup(layers.hidden, (np.arange(-128, 128) > 0).astype(np.int8))
    masked = build.multiply(narrow, active)
    return build.requantise(masked, 1 << _ROUNDED_SHIFT, _ROUNDED_SHIFT)


def _columns(build: GraphBuilder, matrix: Value) -> Value:
    """Returns the second operand of a product that sums over the rows of a matrix."""
    return build.transpose(matrix, _TRANSPOSED)


def _scaled_up(build: GraphBuilder, x: Value, bits: int) -> Value:
    return build.requantise(x, 1 << bits + _ROUNDED_SHIFT, _ROUNDED_SHIFT, dtype=DType.INT32)

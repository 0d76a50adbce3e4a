"""Post-training quantisation of the float network to int8 operators.

Weights are symmetric int8, per channel in the convolutions; the largest value seen in training sets
the scale of activations (Jacob et al. 2018, "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference").
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernels.graph import Graph, GraphBuilder
from kernels.graph.fixed_point import fixed_point
from kernels.models.digits.images import (
    FULL_PIXEL,
    HELD_OUT,
    PIXEL_STEP,
    SIDE,
    ZERO_POINT,
    brightness,
    training,
)
from kernels.models.digits.training import KERNEL, POOL, Layer, Network, Real

_INT8 = 127
_SAME = (1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class QuantisedLayer:
    """Int8 weights [N, K], int32 bias [N], and the real value of one unit of the sum, [N]."""

    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int32]
    unit: Real


def quantise_layer(layer: Layer, input_scale: float, *, per_channel: bool) -> QuantisedLayer:
    """Returns the weights and bias of a layer whose input has this scale."""
    weights = layer.weights.T
    largest = np.abs(weights).max(axis=1 if per_channel else None, keepdims=True)
    scale = np.broadcast_to(largest / _INT8, (len(weights), 1))
    unit = input_scale * scale[:, 0]
    return QuantisedLayer(
        np.rint(weights / scale).astype(np.int8), np.rint(layer.bias / unit).astype(np.int32), unit
    )


def quantise(network: Network) -> Graph:
    """Returns the graph for one batch of all held-out images."""
    images, _ = training()
    first_out, second_out, hidden_out, _ = (
        float(values.max()) / _INT8 for values in network.forward(brightness(images))
    )
    first = quantise_layer(network.first, 1.0 / (PIXEL_STEP * FULL_PIXEL), per_channel=True)
    second = quantise_layer(network.second, first_out, per_channel=True)
    hidden = quantise_layer(network.hidden, second_out, per_channel=False)
    last = quantise_layer(network.last, hidden_out, per_channel=False)

    build = GraphBuilder()
    x = build.input((HELD_OUT, SIDE, SIDE, 1))
    x = build.convolution(
        x,
        first.weights.reshape(-1, KERNEL, KERNEL, 1),
        first.bias,
        padding=_SAME,
        pad_value=ZERO_POINT,
        zero_point_in=ZERO_POINT,
    )
    x = build.relu(build.requantise(x, *fixed_point(first.unit / first_out)))
    width = x.spec.shape[3]
    x = build.convolution(
        x, second.weights.reshape(-1, KERNEL, KERNEL, width), second.bias, padding=_SAME
    )
    x = build.relu(build.requantise(x, *fixed_point(second.unit / second_out)))
    x = build.max_pool(x, (POOL, POOL))
    x = build.matmul(
        build.view(x, (HELD_OUT, hidden.weights.shape[1])), hidden.weights, hidden.bias
    )
    multiplier, shift = fixed_point(hidden.unit[:1] / hidden_out)
    x = build.relu(build.requantise(x, int(multiplier[0]), int(shift[0])))
    build.argmax(build.matmul(x, last.weights, last.bias))
    return build.build()

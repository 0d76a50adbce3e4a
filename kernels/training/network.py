"""The trained perceptron, the scales of its integers, and the data of each shard.

Every tensor stands for its integers times a fixed power of two, so that a product's scale is the
sum of two exponents and every change of scale is a shift (Jacob et al. 2018, "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"). Only the weights need
more than eight bits, because a step is smaller than one of their int8 units: the master weights
have sixteen more, as in mixed-precision training (Micikevicius et al. 2018).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernels.trace.layout import Array

# The number of bits after the binary point.
INPUT_BITS = 7
WEIGHT_BITS = 6
HIDDEN_BITS = 4
ERROR_BITS = 7
BACKWARD_BITS = 8
GRADIENT_BITS = INPUT_BITS + BACKWARD_BITS
MASTER_BITS = WEIGHT_BITS + 16

WEIGHT_LIMIT = 127
MASTER_LIMIT = WEIGHT_LIMIT << (MASTER_BITS - WEIGHT_BITS)


@dataclass(frozen=True, slots=True)
class Network:
    """A hidden layer as wide as the input, ReLU, and an output layer, both without bias.

    The weights of both are one matrix [width + classes, width] with one row per neuron: with 64
    inputs the gradient of a neuron is one 256-byte leaf.
    """

    width: int = 64
    classes: int = 10

    @property
    def rows(self) -> int:
        """The number of neurons in both layers."""
        return self.width + self.classes


@dataclass(frozen=True, slots=True)
class Shard:
    """One provider's data: images int8 [M, width] and one-hot labels int8 [M, classes]."""

    images: npt.NDArray[np.int8]
    labels: npt.NDArray[np.int8]

    def batch(self, size: int, seed: int) -> "Shard":
        """Returns `size` examples drawn without replacement, in an order that the seed fixes."""
        chosen = np.random.RandomState(seed).permutation(len(self.images))[:size]
        return Shard(self.images[chosen], self.labels[chosen])


def one_hot(labels: npt.NDArray[np.int64], classes: int) -> npt.NDArray[np.int8]:
    """Returns labels [M] as int8 [M, classes], 1 at the label."""
    hot: npt.NDArray[np.int8] = (labels[:, None] == np.arange(classes)).astype(np.int8)
    return hot


def shards(
    images: npt.NDArray[np.int8], labels: npt.NDArray[np.int64], count: int, classes: int
) -> list[Shard]:
    """Splits examples [M, ...] into `count` parts of one size; examples left over are dropped."""
    flat, hot = images.reshape(len(images), -1), one_hot(labels, classes)
    whole = len(flat) // count * count
    return [Shard(flat[at:whole:count], hot[at:whole:count]) for at in range(count)]


def initial_master(network: Network, seed: int) -> Array:
    """Returns master weights int32 [1, 1, rows, width].

    Initialised by He's rule; the last layer's variance is half of that.
    """
    random = np.random.RandomState(seed)
    real = random.standard_normal((network.rows, network.width)) / np.sqrt(network.width)
    real[: network.width] *= np.sqrt(2.0)
    fixed = np.rint(real * 2.0**MASTER_BITS)
    master: Array = np.clip(fixed, -MASTER_LIMIT, MASTER_LIMIT).astype(np.int32)[None, None]
    return master


def rounded(master: Array) -> Array:
    """Returns the int8 weights of master weights, rounded half up as requantisation does."""
    shift = MASTER_BITS - WEIGHT_BITS
    narrow: Array = (master.astype(np.int64) + (1 << shift - 1) >> shift).astype(np.int8)
    return narrow

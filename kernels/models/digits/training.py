"""Trains the float network in an arithmetic whose sums are exact.

Every factor of a matrix product is first rounded to a binary grid and bounded, so that products and
sums fit float64's 53 bits. Then no sum depends on its order, and so not on the BLAS, the CPU or the
number of threads, and training gives the same weights everywhere. The last bits of the exponential
may differ between platforms; the gradient's grid is 2^26 times coarser than that.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kernels.models.digits.images import SIDE, brightness, training

Real = npt.NDArray[np.float64]

SEED = 7
EPOCHS = 8
BATCH = 32
RATE = 0.08
MOMENTUM = 0.9
CLASSES = 10
CHANNELS = (32, 64)
HIDDEN = 128
KERNEL = 3
POOL = 2

# Fractional bits, and the bound on magnitudes. Forward: 16 + 18 bits and 2^10 terms. Backward:
# activations of 16 bits, gradients of 24 bits and 2^11 terms.
_WEIGHT_GRID, _WEIGHT_BOUND = 16, 4.0
_ACTIVATION_GRID, _ACTIVATION_BOUND = 10, 64.0
_GRADIENT_GRID, _GRADIENT_BOUND = 26, 0.25


def _grid(values: Real, bits: int, bound: float) -> Real:
    return np.clip(np.rint(values * 2.0**bits) / 2.0**bits, -bound, bound)


def patches(x: Real) -> Real:
    """Returns [N, H, W, 9·C] from [N, H, W, C]: each pixel's 3 by 3 neighbourhood, zero outside."""
    _, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = [
        padded[:, y : y + height, across : across + width]
        for y in range(KERNEL)
        for across in range(KERNEL)
    ]
    return np.concatenate(shifted, axis=-1)


def _unpatch(gradient: Real, channels: int) -> Real:
    images, height, width, _ = gradient.shape
    padded = np.zeros((images, height + 2, width + 2, channels))
    for at in range(KERNEL * KERNEL):
        y, across = divmod(at, KERNEL)
        piece = gradient[..., at * channels : (at + 1) * channels]
        padded[:, y : y + height, across : across + width] += piece
    return padded[:, 1:-1, 1:-1]


@dataclass
class Layer:
    """Weights [K, N] and bias [N] with their momenta; y = relu(x · weights + bias)."""

    weights: Real
    bias: Real
    rectify: bool = True
    _speed: list[Real] = field(init=False)
    _x: Real = field(init=False)
    _y: Real = field(init=False)

    def __post_init__(self) -> None:
        self._speed = [np.zeros_like(self.weights), np.zeros_like(self.bias)]

    def forward(self, x: Real) -> Real:
        """Returns [..., N] from x [..., K], which lies on the activation grid."""
        self._x = x
        y = x @ self.weights + self.bias
        if self.rectify:
            y = np.maximum(y, 0.0)
        self._y = _grid(y, _ACTIVATION_GRID, _ACTIVATION_BOUND)
        return self._y

    def backward(self, gradient: Real) -> Real:
        """Takes one step of SGD and returns the gradient at the input, given that at the output."""
        if self.rectify:
            gradient = gradient * (self._y > 0)
        flat = gradient.reshape(-1, gradient.shape[-1])
        below = gradient @ self.weights.T
        steps = self._x.reshape(len(flat), -1).T @ flat, flat.sum(axis=0)
        self._speed = [MOMENTUM * v - RATE * s for v, s in zip(self._speed, steps, strict=True)]
        self.weights = _grid(self.weights + self._speed[0], _WEIGHT_GRID, _WEIGHT_BOUND)
        self.bias = _grid(self.bias + self._speed[1], _WEIGHT_GRID, _WEIGHT_BOUND)
        return below


@dataclass
class Network:
    """Two convolutions, a pool and two dense layers over [N, 8, 8, 1]."""

    first: Layer
    second: Layer
    hidden: Layer
    last: Layer

    @classmethod
    def initial(cls, random: np.random.RandomState) -> "Network":
        """Returns a network with He's initialisation."""

        def layer(fan_in: int, fan_out: int, *, rectify: bool = True) -> Layer:
            weights = random.standard_normal((fan_in, fan_out)) * np.sqrt(2.0 / fan_in)
            bias = np.zeros(fan_out)
            return Layer(_grid(weights, _WEIGHT_GRID, _WEIGHT_BOUND), bias, rectify)

        pooled = (SIDE // POOL) ** 2 * CHANNELS[1]
        return cls(
            layer(KERNEL * KERNEL, CHANNELS[0]),
            layer(KERNEL * KERNEL * CHANNELS[0], CHANNELS[1]),
            layer(pooled, HIDDEN),
            layer(HIDDEN, CLASSES, rectify=False),
        )

    def forward(self, x: Real) -> tuple[Real, Real, Real, Real]:
        """Returns the output of every layer except the pool."""
        first = self.first.forward(patches(x))
        second = self.second.forward(patches(first))
        blocks = second.reshape(len(x), SIDE // POOL, POOL, SIDE // POOL, POOL, CHANNELS[1])
        pooled = blocks.max(axis=(2, 4))
        # On a tie every maximum gets the gradient: a fraction of it would leave the grid.
        self._winners = blocks == pooled[:, :, None, :, None]
        hidden = self.hidden.forward(pooled.reshape(len(x), -1))
        return first, second, hidden, self.last.forward(hidden)

    def learn(self, x: Real, labels: npt.NDArray[np.int64]) -> None:
        """Takes one step on one batch, with cross-entropy as the loss."""
        scores = self.forward(x)[-1]
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        gradient = odds / odds.sum(axis=1, keepdims=True)
        gradient[np.arange(len(x)), labels] -= 1.0
        gradient = self.last.backward(_bounded(gradient / BATCH))
        gradient = self.hidden.backward(_bounded(gradient))
        pooled = _bounded(gradient).reshape(len(x), SIDE // POOL, 1, SIDE // POOL, 1, CHANNELS[1])
        spread = (self._winners * pooled).reshape(len(x), SIDE, SIDE, CHANNELS[1])
        gradient = _unpatch(self.second.backward(spread), CHANNELS[0])
        self.first.backward(_bounded(gradient))


def _bounded(gradient: Real) -> Real:
    return _grid(gradient, _GRADIENT_GRID, _GRADIENT_BOUND)


def train() -> Network:
    """Returns the trained network, which is the same on every machine."""
    random = np.random.RandomState(SEED)
    network = Network.initial(random)
    images, labels = training()
    real = brightness(images)
    for _ in range(EPOCHS):
        order = random.permutation(len(labels))
        for start in range(0, len(labels) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            network.learn(real[chosen], labels[chosen])
    return network

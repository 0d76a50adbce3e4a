"""The layout of MobileNetV2 (Sandler et al. 2018)."""

import onnx

from kernels.models.vision.layers import INPUT, Layers

# Per group of blocks: the factor that widens it, its channels, its blocks, its first stride.
BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
FIRST, LAST = 32, 1280


def mobilenet(size: int = 224, classes: int = 1000, seed: int = 0) -> onnx.ModelProto:
    """Returns the model of `image` [1, 3, size, size] and `scores` [1, classes], float32.

    3.5 million parameters and, at 224, 0.30 billion multiply-adds.
    """
    layers = Layers("mobilenet-v2", size, classes, seed)
    x = layers.clipped(layers.convolution(INPUT, FIRST, 3, 2))
    for factor, channels, blocks, first in BLOCKS:
        for number in range(blocks):
            x = _block(layers, x, factor, channels, 1 if number else first)
    return layers.classified(layers.clipped(layers.convolution(x, LAST, 1)))


def _block(layers: Layers, x: str, factor: int, channels: int, stride: int) -> str:
    inputs = layers.channels(x)
    wide = x
    if factor > 1:
        wide = layers.clipped(layers.convolution(x, inputs * factor, 1))
    narrow = layers.convolution(layers.clipped(layers.depthwise(wide, stride)), channels, 1)
    return layers.added(x, narrow) if stride == 1 and inputs == channels else narrow

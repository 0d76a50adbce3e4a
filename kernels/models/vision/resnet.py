"""The layout of ResNet-18 (He et al. 2016)."""

import onnx

from kernels.models.vision.layers import INPUT, Layers

STAGES = (64, 128, 256, 512)
BLOCKS = 2


def resnet(size: int = 224, classes: int = 1000, seed: int = 0) -> onnx.ModelProto:
    """Returns the model of `image` [1, 3, size, size] and `scores` [1, classes], float32.

    11.7 million parameters and, at 224, 1.8 billion multiply-adds.
    """
    layers = Layers("resnet-18", size, classes, seed)
    x = layers.pooled(layers.rectified(layers.convolution(INPUT, STAGES[0], 7, 2)))
    for stage, channels in enumerate(STAGES):
        for number in range(BLOCKS):
            x = _block(layers, x, channels, 2 if stage and not number else 1)
    return layers.classified(x)


def _block(layers: Layers, x: str, channels: int, stride: int) -> str:
    inside = layers.rectified(layers.convolution(x, channels, 3, stride))
    found = layers.convolution(inside, channels, 3)
    kept = x
    if stride > 1 or layers.channels(x) != channels:
        kept = layers.convolution(x, channels, 1, stride)
    return layers.rectified(layers.added(found, kept))

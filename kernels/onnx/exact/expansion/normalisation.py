"""Normalisation over other axes than the last one, and softmax as older opsets define it."""

from math import prod

import numpy as np
import onnx

from kernels.onnx.exact.attributes import plain
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.expansion.draft import Draft
from kernels.onnx.registration import operator

EPSILON = 1e-5


@operator("Softmax", "LogSoftmax")
def softmax(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a softmax over flattened axes (opset below 13), and a log softmax.

    log softmax is x - max - log Σ e^(x - max), because the shares of softmax are too coarse for a
    logarithm.
    """
    shape = draft.shape(node.input[0])
    old = draft.opset < 13
    axis = int(plain(node).attributes.get("axis", 1 if old else -1)) % len(shape)
    draft.begin(node)
    x, output = node.input[0], node.output[0]
    flat = old and prod(shape[axis + 1 :]) > 1
    if node.op_type == "Softmax" and not flat:
        if plain(node).attributes.get("axis", -1) == axis - len(shape):
            return False
        draft.node("Softmax", [x], output, axis=axis - len(shape))
        return True
    if flat:
        x, axis = draft.reshaped(x, (prod(shape[:axis]), prod(shape[axis:]))), 1
    if node.op_type == "Softmax":
        draft.reshaped(draft.node("Softmax", [x], axis=-1), shape, output)
        return True
    distance = draft.node("Sub", [x, draft.reduced("ReduceMax", x, [axis])])
    total = draft.reduced("ReduceSum", draft.node("Exp", [distance]), [axis])
    result = [distance, draft.node("Log", [total])]
    if flat:
        draft.reshaped(draft.node("Sub", result), shape, output)
    else:
        draft.node("Sub", result, output)
    return True


@operator("LayerNormalization")
def layer_norm(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a layer norm over several last axes as one over a single axis."""
    shape = draft.shape(node.input[0])
    axis = int(plain(node).attributes.get("axis", -1)) % len(shape)
    if axis == len(shape) - 1 or draft.wanted(node, 1) or draft.wanted(node, 2):
        return False
    draft.begin(node)
    count = prod(shape[axis:])
    x = draft.reshaped(node.input[0], (prod(shape[:axis]), count))
    numbers = [
        draft.number(np.broadcast_to(draft.fixed(node, at), shape[axis:]).reshape(-1))
        for at in (1, 2)
        if draft.given(node, at)
    ]
    draft.reshaped(_normal(draft, node, x, numbers), shape, node.output[0])
    return True


@operator("BatchNormalization")
def batch_norm(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites one that no convolution before it took in: a factor and a shift per channel.

    On other images than a convolution's, which can still take them in, it is a convolution of
    single pixels, whose factors have a scale each.
    """
    label = draft.begin(node)
    attributes = plain(node).attributes
    if attributes.get("training_mode", 0) or any(filter(None, node.output[1:])):
        raise LoweringError(label, "it learns as it runs; export the model for inference")
    scale, bias, mean, variance = (
        draft.fixed(node, position).astype(np.float64) for position in range(1, 5)
    )
    factor = scale / np.sqrt(variance + float(attributes.get("epsilon", EPSILON)))
    shift = bias - mean * factor
    x, output = node.input[0], node.output[0]
    # Channels are the second axis, so the constants are laid along it.
    axes = (-1,) + (1,) * (len(draft.shape(x)) - 2)
    made = draft.maker(x)
    if len(axes) in (2, 3) and (made is None or made.op_type not in ("Conv", "ConvTranspose")):
        numbers = [draft.number(factor.reshape(-1, 1, *axes[1:])), draft.number(shift)]
        draft.node("Conv", [x, *numbers], output, group=len(factor))
        return True
    scaled = draft.node("Mul", [x, draft.number(factor.reshape(axes))])
    draft.node("Add", [scaled, draft.number(shift.reshape(axes))], output)
    return True


@operator("InstanceNormalization", "GroupNormalization")
def instance_norm(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a norm over space, or over groups of channels and space, as a layer norm."""
    shape = draft.shape(node.input[0])
    draft.begin(node)
    channels = shape[1]
    groups = int(plain(node).attributes.get("num_groups", channels))
    count = prod(shape[1:]) // groups
    spread = (channels, *[1] * (len(shape) - 2))
    # Opset 18 has one number per group; later ones have one per channel.
    scale, bias = (
        np.repeat(numbers, channels // numbers.size).reshape(spread)
        for numbers in (draft.fixed(node, at) for at in (1, 2))
    )
    x = draft.reshaped(node.input[0], (shape[0] * groups, count))
    normal = draft.reshaped(_normal(draft, node, x, [draft.number(np.ones(count))]), shape)
    scaled = draft.node("Mul", [normal, draft.number(scale)])
    draft.node("Add", [scaled, draft.number(bias)], node.output[0])
    return True


def _normal(draft: Draft, node: onnx.NodeProto, x: str, numbers: list[str]) -> str:
    """Appends a layer norm of rows, with the node's epsilon."""
    epsilon = float(plain(node).attributes.get("epsilon", EPSILON))
    return draft.node("LayerNormalization", [x, *numbers], axis=-1, epsilon=epsilon)

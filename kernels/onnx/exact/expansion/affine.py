"""Batch normalisation that no product before it can take over."""

import numpy as np
import onnx

from kernels.onnx.exact.attributes import plain
from kernels.onnx.exact.expansion.draft import Draft
from kernels.onnx.registration import operator

EPSILON = 1e-5


@operator("BatchNormalization")
def batch_norm(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites BatchNormalization in inference as a product and a sum per channel."""
    if any(node.output[1:]):
        return False
    draft.begin(node)
    gamma, beta, mean, variance = (
        np.asarray(draft.fixed(node, at), np.float64) for at in range(1, 5)
    )
    epsilon = float(plain(node).attributes.get("epsilon", EPSILON))
    scale = gamma / np.sqrt(variance + epsilon)
    axes = len(draft.shape(node.input[0])) - 2
    spread = (-1, *(1,) * axes)
    scaled = draft.node("Mul", [node.input[0], draft.number(scale.reshape(spread))])
    shift = (beta - mean * scale).reshape(spread)
    draft.node("Add", [scaled, draft.number(shift)], node.output[0])
    return True

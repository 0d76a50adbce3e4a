"""Scales of single channels, moved from the activations into the weights that multiply them."""

from collections.abc import Mapping

import numpy as np

from kernels.onnx.exact.network import HIGH, Network, Real, Weights
from kernels.trace.layout import Array


def channel_scales(
    network: Network, largest: Mapping[str, Array], smoothing: float
) -> dict[str, Real]:
    """Returns a scale [K] per tensor that products by constants read; it is used where that is
    int32.

    With x_k the largest activation of a channel and w_k its largest weight, the scale is
    proportional to x_k^s / w_k^(1-s) (Xiao et al. 2022, SmoothQuant, equation 4), and large enough
    that every x_k fits int8.
    """
    if smoothing <= 0:
        return {}
    weights: dict[str, Real] = {}
    for node in network.nodes:
        if node.kind not in ("MatMul", "Gemm"):
            continue
        name, found = node.inputs[0], network.constants.get(node.inputs[1])
        if found is None or isinstance(found, Weights) or name not in largest:
            continue
        outputs = 0 if node.attributes.get("transB", 0) else 1
        rows = np.abs(np.asarray(found, np.float64)).max(axis=outputs)
        weights[name] = np.maximum(weights.get(name, rows), rows)
    scales = {}
    for name, heavy in weights.items():
        seen = np.asarray(largest[name], np.float64)
        x = np.maximum(seen, seen.max() * 1e-3 or 1.0)
        w = np.maximum(heavy, heavy.max() * 1e-3 or 1.0)
        balance = x**smoothing / w ** (1 - smoothing)
        scales[name] = balance * (x / balance).max() / HIGH
    return scales

"""Merges factors and sums of channels into the convolutions before them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kernels.onnx.exact.network import Network, Node, Real, Weights
from kernels.trace.layout import Array

CONVOLUTIONS = ("Conv", "ConvTranspose")
EPSILON = 1e-5

Constants = Mapping[str, Array | Weights]


@dataclass(frozen=True, slots=True)
class _Affine:
    """x · factor + offset, each one number per channel."""

    source: str
    factor: Real
    offset: Real


def without_affine(network: Network) -> Network:
    """Returns a network in which convolutions by float weights include what scales their channels.

    That is BatchNormalization, and Mul, Div, Add and Sub by constants of one number, or of one per
    channel, where nothing else reads the result in between.
    """
    read = Counter(name for node in network.nodes for name in node.inputs)
    constants = dict(network.constants)
    nodes: list[Node] = []
    places: dict[str, int] = {}
    for node in network.nodes:
        found = _affine(node, nodes, places, constants)
        alone = found is not None and read[found.source] == 1
        if found is None or not alone or network.is_output(found.source):
            places[node.outputs[0]] = len(nodes)
            nodes.append(node)
            continue
        place = places.pop(found.source)
        nodes[place] = _merged(nodes[place], found, node.outputs[0], constants)
        places[node.outputs[0]] = place
    return replace(network, nodes=tuple(nodes), constants=constants)


def channel_affine(node: Node, constants: Constants, channels: int) -> tuple[Real, Real]:
    """Returns factor and offset of each channel of a BatchNormalization of constants."""
    scale, bias, mean, variance = (_real(constants[name]) for name in node.inputs[1:5])
    epsilon = float(node.attributes.get("epsilon", EPSILON))
    factor = np.broadcast_to(scale / np.sqrt(variance + epsilon), (channels,))
    return factor, np.broadcast_to(bias - mean * factor, (channels,))


def _affine(
    node: Node, nodes: list[Node], places: Mapping[str, int], constants: Constants
) -> _Affine | None:
    for position, name in enumerate(node.inputs[:2]):
        maker = nodes[places[name]] if name in places else None
        if maker is None or maker.kind not in CONVOLUTIONS:
            continue
        weights = constants.get(maker.inputs[1])
        biases = [constants.get(each) for each in maker.inputs[2:] if each]
        if not isinstance(weights, np.ndarray) or any(each is None for each in biases):
            return None
        axis = 0 if maker.kind == "Conv" else 1
        groups = 1 if maker.kind == "Conv" else int(maker.attributes.get("group", 1))
        channels = weights.shape[axis] * groups
        return _of(node, name, position, constants, (channels, weights.ndim))
    return None


def _of(
    node: Node, name: str, position: int, constants: Constants, form: tuple[int, int]
) -> _Affine | None:
    channels, axes = form
    ones, none = np.ones(channels), np.zeros(channels)
    if node.kind == "BatchNormalization":
        known = all(each in constants for each in node.inputs[1:5])
        if position or not known or len(node.outputs) > 1:
            return None
        return _Affine(name, *channel_affine(node, constants, channels))
    if node.kind not in ("Mul", "Div", "Add", "Sub") or len(node.inputs) != 2:
        return None
    found = constants.get(node.inputs[1 - position])
    number = None if found is None else _per_channel(_real(found), channels, axes)
    if number is None or (position and node.kind in ("Div", "Sub")):
        return None
    if node.kind == "Div":
        number = 1.0 / np.where(number, number, np.nan)
    if node.kind in ("Mul", "Div"):
        return _Affine(name, number, none) if np.isfinite(number).all() else None
    return _Affine(name, ones, number if node.kind == "Add" else -number)


def _per_channel(found: Real, channels: int, axes: int) -> Real | None:
    """Returns one number per channel of a constant that broadcasts along axis 1, else None."""
    if found.ndim > axes:
        return None
    shape = (1,) * (axes - found.ndim) + found.shape
    if any(size > 1 for axis, size in enumerate(shape) if axis != 1):
        return None
    if shape[1] not in (1, channels):
        return None
    return np.broadcast_to(found.reshape(-1), (channels,))


def _merged(
    maker: Node, found: _Affine, output: str, constants: dict[str, Array | Weights]
) -> Node:
    weights = np.asarray(constants[maker.inputs[1]], np.float64)
    bias = np.zeros(len(found.factor))
    if len(maker.inputs) > 2 and maker.inputs[2]:
        bias = _real(constants[maker.inputs[2]]).reshape(-1)
    inner = (1,) * (weights.ndim - 2)
    if maker.kind == "Conv":
        scaled = weights * found.factor.reshape(-1, 1, *inner)
    else:
        groups = int(maker.attributes.get("group", 1))
        split = weights.reshape(groups, -1, *weights.shape[1:])
        factor = found.factor.reshape(groups, 1, -1, *inner)
        scaled = (split * factor).reshape(weights.shape)
    names = (f"{output}/weights", f"{output}/bias")
    constants[names[0]] = scaled
    constants[names[1]] = bias * found.factor + found.offset
    return replace(maker, inputs=(maker.inputs[0], *names), outputs=(output,))


def _real(found: Array | Weights) -> Real:
    return found.real if isinstance(found, Weights) else np.asarray(found, np.float64)

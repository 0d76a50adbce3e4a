"""Merges a scale and an offset of channels into the product before them."""

from dataclasses import replace

import numpy as np

from kernels.onnx.exact.network import Network, Node, Real, Weights
from kernels.trace.layout import Array

CONVOLUTIONS = ("Conv", "ConvTranspose")


def with_affine(network: Network) -> Network:
    """Returns the network without factors and addends behind the products that they follow.

    The constants have one number, or one per output channel, and nothing else reads the product.
    """
    constants = dict(network.constants)
    made: dict[str, int] = {}
    nodes: list[Node] = []
    readers = {name: network.consumers(name) for node in network.nodes for name in node.outputs}
    for node in network.nodes:
        place = _product(network, node, readers, made)
        merged = None if place is None else _merged(constants, nodes[place], node)
        if merged is None or place is None:
            nodes.append(node)
            if _takes(network, node):
                made[node.outputs[0]] = len(nodes) - 1
            continue
        nodes[place] = merged
        made[node.outputs[0]] = place
    return replace(network, nodes=tuple(nodes), constants=constants)


def _takes(network: Network, node: Node) -> bool:
    """Returns whether a node is a product with float weights that nothing has quantised."""
    if node.kind not in CONVOLUTIONS or len(node.inputs) < 2:
        return False
    given = [network.constants.get(name) for name in node.inputs[1:] if name]
    return all(each is not None and not isinstance(each, Weights) for each in given)


def _product(
    network: Network, node: Node, readers: dict[str, list[Node]], made: dict[str, int]
) -> int | None:
    """Returns the place of the product whose result alone a node reads beside a constant."""
    if node.kind not in ("Mul", "Div", "Add", "Sub"):
        return None
    computed = [name for name in node.inputs if name not in network.constants]
    if len(computed) != 1 or computed[0] not in made or network.is_output(computed[0]):
        return None
    turned = node.kind in ("Sub", "Div") and node.inputs[0] != computed[0]
    if turned or len(readers[computed[0]]) != 1:
        return None
    return made[computed[0]]


def _merged(constants: dict[str, Array | Weights], product: Node, node: Node) -> Node | None:
    """Returns the product with new weights and bias, None where the constant does not fit it."""
    weights = np.asarray(constants[product.inputs[1]], np.float64)
    groups = int(product.attributes.get("group", 1))
    forward = product.kind == "Conv"
    channels = weights.shape[0] if forward else weights.shape[1] * groups
    (name,) = [name for name in node.inputs if name in constants]
    numbers = _per_channel(constants[name], weights.ndim, channels)
    if numbers is None or (node.kind == "Div" and not numbers.all()):
        return None
    bias = np.zeros(channels)
    if len(product.inputs) > 2 and product.inputs[2]:
        bias = np.asarray(constants[product.inputs[2]], np.float64)
    if node.kind in ("Mul", "Div"):
        factors = numbers if node.kind == "Mul" else 1 / numbers
        weights, bias = _scaled(weights, factors, groups, forward), bias * factors
    else:
        bias = bias + (numbers if node.kind == "Add" else -numbers)
    names = (f"{node.outputs[0]}/weights", f"{node.outputs[0]}/bias")
    constants[names[0]], constants[names[1]] = weights, bias
    inputs = (product.inputs[0], *names)
    return replace(product, inputs=inputs, outputs=node.outputs)


def _scaled(weights: Real, numbers: Real, groups: int, forward: bool) -> Real:
    """Returns weights [O, ...], or [I, O / groups, ...] of a transposed convolution, scaled."""
    if forward:
        return weights * numbers.reshape(-1, *(1,) * (weights.ndim - 1))
    parts = weights.reshape(groups, -1, *weights.shape[1:])
    spread = numbers.reshape(groups, 1, weights.shape[1], *(1,) * (weights.ndim - 2))
    return np.asarray((parts * spread).reshape(weights.shape))


def _per_channel(found: Array | Weights, axes: int, channels: int) -> Real | None:
    """Returns one number per channel, None where a constant varies otherwise or adds axes."""
    if isinstance(found, Weights) or found.ndim > axes:
        return None
    spread = found.reshape((1,) * (axes - found.ndim) + found.shape)
    if spread.size != spread.shape[1] or spread.size not in (1, channels):
        return None
    return np.broadcast_to(np.asarray(spread, np.float64).reshape(-1), (channels,))

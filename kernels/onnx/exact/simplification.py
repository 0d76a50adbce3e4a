"""Rewrites a network so that fewer operators compute the same result."""

from dataclasses import replace

import numpy as np

from kernels.onnx.exact.network import Network, Node, Weights
from kernels.trace.layout import Array


def simplified(network: Network) -> Network:
    """Returns the network with each bias merged into its product."""
    return _with_biases(network)


def _with_biases(network: Network) -> Network:
    """Merges MatMul by a constant and the Add of a constant row into one node with three inputs."""
    read = [name for node in network.nodes for name in node.inputs]
    products = {
        node.outputs[0]: node
        for node in network.nodes
        if node.kind == "MatMul"
        and node.inputs[1] in network.constants
        and read.count(node.outputs[0]) == 1
        and not network.is_output(node.outputs[0])
    }
    merged: dict[str, Node] = {}
    for node in network.nodes:
        if node.kind != "Add":
            continue
        for name, other in (node.inputs, node.inputs[::-1]):
            product = products.get(name)
            if product is not None and _is_row(network, product.inputs[1], other):
                inputs = (*product.inputs, other)
                merged[product.outputs[0]] = replace(product, inputs=inputs, outputs=node.outputs)
                break
    dropped = {node.outputs[0] for node in merged.values()}
    nodes = [
        merged.get(node.outputs[0], node)
        for node in network.nodes
        if not (node.kind == "Add" and node.outputs[0] in dropped)
    ]
    return replace(network, nodes=tuple(nodes))


def _is_row(network: Network, weights: str, name: str) -> bool:
    """Returns whether a constant has one number per column of the weights."""
    found = network.constants.get(name)
    if found is None:
        return False
    width = _shape(network.constants[weights])[-1]
    shape = _shape(found)
    return int(np.prod(shape)) == width and shape[-1:] == (width,)


def _shape(found: Array | Weights) -> tuple[int, ...]:
    return found.values.shape if isinstance(found, Weights) else found.shape

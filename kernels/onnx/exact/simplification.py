"""Rewrites a network so that fewer operators compute the same result."""

from dataclasses import replace

import numpy as np

from kernels.onnx.exact.affine import with_affine
from kernels.onnx.exact.chains import with_chains
from kernels.onnx.exact.gemm import without_gemm
from kernels.onnx.exact.network import Network, Node, Weights
from kernels.trace.layout import Array


def simplified(network: Network) -> Network:
    """Returns the network with biases and scales merged into products, padding into convolutions,
    and operators that are a function of one tensor into one.
    """
    return with_chains(with_affine(_with_padding(_with_biases(without_gemm(network)))))


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


def _with_padding(network: Network) -> Network:
    """Merges Pad by zeros of spatial axes into the convolutions that alone read it."""
    merged: dict[str, tuple[str, list[int]]] = {}
    for node in network.nodes:
        pads = _spatial_zeros(network, node) if node.kind == "Pad" else None
        readers = network.consumers(node.outputs[0])
        if pads is None or not readers or network.is_output(node.outputs[0]):
            continue
        if all(_takes_padding(reader, node.outputs[0]) for reader in readers):
            merged[node.outputs[0]] = (node.inputs[0], pads)
    nodes = [
        _padded(node, *merged[node.inputs[0]]) if node.inputs and node.inputs[0] in merged else node
        for node in network.nodes
        if node.outputs[0] not in merged
    ]
    return replace(network, nodes=tuple(nodes))


def _padded(node: Node, source: str, pads: list[int]) -> Node:
    own = node.attributes.get("pads") or [0] * len(pads)
    total = [int(a) + b for a, b in zip(own, pads, strict=True)]
    attributes = {**node.attributes, "pads": total, "auto_pad": "NOTSET"}
    return replace(node, inputs=(source, *node.inputs[1:]), attributes=attributes)


def _takes_padding(reader: Node, name: str) -> bool:
    explicit = reader.attributes.get("auto_pad", "NOTSET") in ("NOTSET", "VALID")
    return reader.kind == "Conv" and explicit and name not in reader.inputs[1:]


def _spatial_zeros(network: Network, node: Node) -> list[int] | None:
    """Returns a Pad's spatial pads, begins first; None for any other Pad."""
    if node.attributes.get("mode", "constant") != "constant" or "value" in node.attributes:
        return None
    given = [network.constants.get(name) for name in node.inputs[1:]]
    names = node.inputs[1:]
    if len(names) > 2 or not names or not isinstance(given[0], np.ndarray):
        return None
    if len(names) > 1 and names[1] and (given[1] is None or np.any(_real(given[1]))):
        return None
    pads = [int(each) for each in given[0]]
    axes = len(pads) // 2
    if axes < 3 or min(pads) < 0 or any(pads[at] for at in (0, 1, axes, axes + 1)):
        return None
    return pads[2:axes] + pads[axes + 2 :]


def _is_row(network: Network, weights: str, name: str) -> bool:
    """Returns whether a constant has one number per column of the weights."""
    found = network.constants.get(name)
    if found is None:
        return False
    width = _shape(network.constants[weights])[-1]
    shape = _shape(found)
    return int(np.prod(shape)) == width and shape[-1:] == (width,)


def _real(found: Array | Weights) -> Array:
    return found.real if isinstance(found, Weights) else found


def _shape(found: Array | Weights) -> tuple[int, ...]:
    return found.values.shape if isinstance(found, Weights) else found.shape

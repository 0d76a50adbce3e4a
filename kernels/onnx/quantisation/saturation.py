"""Ranges without the parts where every reader of a tensor gives the same number."""

from collections.abc import Mapping

from kernels.onnx.exact import Network, Node
from kernels.onnx.exact.network import Weights

Ends = tuple[float, float]

EVERYWHERE: Ends = (-float("inf"), float("inf"))
# Beyond these ends a function changes by less than half of an 8-bit step of its results.
FLAT: Mapping[str, Ends] = {
    "Erf": (-2.2, 2.2),
    "HardSwish": (-3.0, float("inf")),
    "Relu": (0.0, float("inf")),
    "Sigmoid": (-6.5, 6.5),
    "Tanh": (-3.5, 3.5),
}


def useful(network: Network, name: str, ends: Ends) -> Ends:
    """Returns the part of a tensor's range in which its readers give different numbers."""
    readers = network.consumers(name)
    if not readers or network.is_output(name):
        return ends
    parts = [_part(network, node, name) for node in readers]
    low, high = min(low for low, _ in parts), max(high for _, high in parts)
    # A range that lies beyond an end shrinks to that end.
    return min(max(ends[0], low), high), max(min(ends[1], high), low)


def _part(network: Network, node: Node, name: str) -> Ends:
    if node.kind in FLAT:
        return FLAT[node.kind]
    if node.kind == "HardSigmoid":
        slope, offset = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
        ends = sorted((-offset / slope, (1 - offset) / slope)) if slope else EVERYWHERE
        return ends[0], ends[1]
    if node.kind == "Clip" and node.inputs[0] == name:
        return _bound(network, node, 1, "min"), _bound(network, node, 2, "max")
    return EVERYWHERE


def _bound(network: Network, node: Node, position: int, attribute: str) -> float:
    missing = EVERYWHERE[position - 1]
    if position < len(node.inputs) and node.inputs[position]:
        found = network.constants.get(node.inputs[position])
        if found is None or isinstance(found, Weights):
            return missing
        return float(found.reshape(-1)[0])
    return float(node.attributes.get(attribute, missing))

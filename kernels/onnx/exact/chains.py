"""Merges nodes that together are a function of one tensor, so that one table computes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from kernels.onnx.exact.network import Network, Node, Weights

FUNCTION = "Function"
"""The kind of a merged node; its attribute `steps` holds the nodes in order."""

AFFINE = ("Add", "Sub", "Mul", "Div", "Identity", "Neg")
BENT = (
    *("Abs", "Celu", "Clip", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu"),
    *("Mish", "Relu", "Selu", "Sigmoid", "Softplus", "Softsign", "Swish", "Tanh"),
)
"""Functions that 256 values tell well; steep ones have tables of their own."""
MOST_STEPS = 16


def with_functions(network: Network) -> Network:
    """Returns the network with each such chain as one node.

    What is only scaled and shifted stays as it is, because that costs no operator.
    """
    view = _View(network)
    merged: dict[str, Node] = {}
    gone: set[str] = set()
    for node in reversed(network.nodes):
        # A factor at the end costs nothing, and leaves whole numbers their scale before it.
        if node.outputs[0] in gone or view.scales(node) or not view.joins(node):
            continue
        found = view.chain(node)
        if found is None:
            continue
        source, steps = found
        merged[node.outputs[0]] = Node(
            FUNCTION, node.name, (source,), node.outputs, {"steps": steps}
        )
        gone.update(step.outputs[0] for step in steps)
    nodes = []
    for node in network.nodes:
        if node.outputs[0] in merged:
            nodes.append(merged[node.outputs[0]])
        elif node.outputs[0] not in gone:
            nodes.append(node)
    return replace(network, nodes=tuple(nodes))


@dataclass(slots=True)
class _View:
    network: Network
    makers: Mapping[str, Node] = field(init=False)
    readers: Mapping[str, list[Node]] = field(init=False)

    def __post_init__(self) -> None:
        readers: dict[str, list[Node]] = {}
        for node in self.network.nodes:
            for name in set(node.inputs):
                readers.setdefault(name, []).append(node)
        self.readers = readers
        self.makers = {name: node for node in self.network.nodes for name in node.outputs}

    def joins(self, node: Node) -> bool:
        """Returns whether a node is elementwise, and its constants are single numbers."""
        if node.kind not in (*AFFINE, *BENT) or len(node.outputs) != 1:
            return False
        return all(self._is_number(name) or self._is_computed(name) for name in node.inputs)

    def scales(self, node: Node) -> bool:
        """Returns whether a node only multiplies by a number."""
        numbers = any(map(self._is_number, node.inputs))
        return node.kind == "Identity" or (node.kind in ("Mul", "Div") and numbers)

    def chain(self, end: Node) -> tuple[str, tuple[Node, ...]] | None:
        """Returns the tensor that a node is a function of, and the nodes that compute it.

        Returns None where these are not several, or only scale and shift.
        """
        inside = [end]
        best: list[Node] = []
        while len(inside) <= MOST_STEPS:
            sources = self._sources(inside)
            if len(sources) == 1:
                best = list(inside)
            added = next(
                (
                    self.makers[name]
                    for name in sources
                    if name in self.makers and self._only_inside(name, inside)
                ),
                None,
            )
            if added is None:
                break
            inside.append(added)
        if len(best) < 2 or not self._bends(best):
            return None
        (source,) = self._sources(best)
        chosen = {node.outputs[0] for node in best}
        steps = tuple(node for node in self.network.nodes if node.outputs[0] in chosen)
        return source, steps

    def _sources(self, inside: list[Node]) -> list[str]:
        made = {node.outputs[0] for node in inside}
        names = [name for node in inside for name in node.inputs if self._is_computed(name)]
        return [name for name in dict.fromkeys(names) if name not in made]

    def _only_inside(self, name: str, inside: list[Node]) -> bool:
        """Returns whether a tensor can be computed inside, because nothing else reads it."""
        maker = self.makers[name]
        if not self.joins(maker) or self.network.is_output(name):
            return False
        return all(any(reader is node for node in inside) for reader in self.readers[name])

    def _bends(self, nodes: list[Node]) -> bool:
        if any(node.kind in BENT for node in nodes):
            return True
        return any(
            node.kind in ("Mul", "Div") and all(map(self._is_computed, node.inputs))
            for node in nodes
        )

    def _is_computed(self, name: str) -> bool:
        return bool(name) and name not in self.network.constants

    def _is_number(self, name: str) -> bool:
        if not name:
            return True
        found = self.network.constants.get(name)
        if found is None:
            return False
        return (found.values.size if isinstance(found, Weights) else np.size(found)) == 1

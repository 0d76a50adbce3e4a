"""Merges operators that are a function of one tensor together, as x · clip(x + 3, 0, 6) / 6."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kernels.onnx.exact.functions import FUNCTIONS, STEEP
from kernels.onnx.exact.network import POINTWISE, Network, Node, Real, Weights
from kernels.trace.layout import Array

BINARY: Mapping[str, Callable[[Real, Real], Real]] = {
    "Add": np.add,
    "Div": np.divide,
    "Mul": np.multiply,
    "Pow": np.power,
    "Sub": np.subtract,
}
CLAMPS = ("Clip", "Relu")


@dataclass(slots=True)
class _Groups:
    """Which tensors are functions of one other tensor, their root, and the nodes that make them."""

    roots: dict[str, str] = field(default_factory=dict)
    makers: dict[str, Node] = field(default_factory=dict)

    def members(self, name: str) -> list[Node]:
        """Returns the nodes of a function in order."""
        found: dict[str, Node] = {}
        left = [name]
        while left:
            node = self.makers.get(left.pop())
            if node is not None and node.outputs[0] not in found:
                found[node.outputs[0]] = node
                left.extend(node.inputs)
        return [node for output, node in self.makers.items() if output in found]


def with_functions(network: Network) -> Network:
    """Returns a network in which such a group is one node, which a table computes.

    A group has at least two operators that would take one each, and at least one that is neither
    affine nor a clamp, because those keep more bits where they are.
    """
    groups = _Groups()
    for node in network.nodes:
        root = _root(node, groups, network.constants)
        if root is not None:
            groups.roots[node.outputs[0]] = root
            groups.makers[node.outputs[0]] = node
    shown = {
        name
        for node in network.nodes
        if node.outputs[0] not in groups.roots
        for name in node.inputs
    } | {each.name for each in network.outputs}
    merged: dict[str, Node] = {}
    kept: set[str] = set()
    for name in reversed(groups.roots):
        if name not in shown:
            continue
        maker = groups.makers[name]
        if maker.kind in CLAMPS or _is_scale(maker, network.constants):
            # It takes no table, and leaves whole numbers whole.
            kept.add(name)
            shown.update(maker.inputs)
            continue
        members = groups.members(name)
        if _is_worth_it(members, network.constants):
            merged[name] = _function(name, groups.roots[name], members, network.constants)
        else:
            kept.update(node.outputs[0] for node in members)
    nodes = [
        merged.get(node.outputs[0], node)
        for node in network.nodes
        if node.outputs[0] not in groups.roots
        or node.outputs[0] in merged
        or node.outputs[0] in kept
    ]
    return replace(network, nodes=tuple(nodes))


def _root(node: Node, groups: _Groups, constants: Mapping[str, Array | Weights]) -> str | None:
    """Returns the one tensor that a node's result is a function of, or None."""
    known = node.kind in FUNCTIONS or node.kind in BINARY or node.kind in CLAMPS
    if not known or node.kind in STEEP or len(node.outputs) != 1:
        return None
    computed = [name for name in node.inputs if name and name not in constants]
    numbers = [constants[name] for name in node.inputs if name in constants]
    if any(_size(each) != 1 for each in numbers):
        return None
    found = {groups.roots.get(name, name) for name in computed}
    if len(found) != 1 or (node.kind not in BINARY and node.inputs[0] not in computed):
        return None
    if node.kind == "Div" and node.inputs[0] in constants:
        return None
    if node.kind in CLAMPS and computed[0] not in groups.roots:
        # It is part of a requantisation, which keeps the bits that it gains.
        return None
    return found.pop()


def _is_worth_it(members: Sequence[Node], constants: Mapping[str, Array | Weights]) -> bool:
    curved = sum(
        node.kind not in CLAMPS
        and (
            node.kind not in BINARY
            or node.kind == "Pow"
            or not any(name in constants for name in node.inputs)
        )
        for node in members
    )
    free = sum(_is_scale(node, constants) for node in members)
    return curved > 0 and len(members) - free > 1


def _is_scale(node: Node, constants: Mapping[str, Array | Weights]) -> bool:
    return node.kind in ("Mul", "Div") and any(
        name in constants and float(_real(constants[name]).reshape(-1)[0]) > 0
        for name in node.inputs
    )


def _function(
    name: str, root: str, members: Sequence[Node], constants: Mapping[str, Array | Weights]
) -> Node:
    numbers = {
        each: _real(constants[each]).reshape(-1)[0]
        for node in members
        for each in node.inputs
        if each in constants
    }

    def apply(real: Real) -> Real:
        values: dict[str, Real] = {root: real}
        for node in members:
            given = [numbers[each] if each in numbers else values.get(each) for each in node.inputs]
            values[node.outputs[0]] = _value(node, given)
        return np.broadcast_to(values[name], real.shape)

    last = members[-1]
    return Node(POINTWISE, last.name, (root,), (name,), {"apply": apply, "last": last.kind})


def _value(node: Node, given: Sequence[Real | None]) -> Real:
    present = [np.asarray(each, np.float64) for each in given if each is not None]
    if node.kind == "Relu":
        return np.maximum(present[0], 0.0)
    if node.kind == "Clip":
        low = node.attributes.get("min", -np.inf)
        high = node.attributes.get("max", np.inf)
        if len(given) > 1 and given[1] is not None:
            low = given[1]
        if len(given) > 2 and given[2] is not None:
            high = given[2]
        return np.minimum(np.maximum(present[0], low), high)
    if node.kind in BINARY:
        return np.asarray(BINARY[node.kind](present[0], present[1]))
    return FUNCTIONS[node.kind](present[0], present[1:], node.attributes)


def _size(found: Array | Weights) -> int:
    return int(np.size(found.values if isinstance(found, Weights) else found))


def _real(found: Array | Weights) -> Real:
    return found.real if isinstance(found, Weights) else np.asarray(found, np.float64)

"""Merges operators that together are a function of one tensor, so that one table computes them.

Exporters write HardSwish, Gelu or a learned affine step as several operators. Each of them would
round to 8 bits once more, and write a tensor of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from kernels.onnx.exact.network import Network, Node, Real, Weights
from kernels.onnx.exact.operators.functions import CHAIN, FUNCTIONS, STEEP

Apply = Callable[[Real], Real]

# Steep functions have finer tables of their own, and Pow and PRelu may differ by channel.
CURVED = frozenset(FUNCTIONS) - {CHAIN, "Pow", "PRelu", *STEEP}
CLAMPS = ("Clip", "Relu")
BINARY: Mapping[str, Callable[[Real, Real], Real]] = {
    "Add": np.add,
    "Div": np.divide,
    "Mul": np.multiply,
    "Sub": np.subtract,
}


@dataclass(frozen=True, slots=True)
class _Function:
    """A tensor as a function of another one.

    `curved` tells that it is more than a scale, an offset and bounds, which cost next to nothing.
    """

    root: str
    apply: Apply
    nodes: int = 0
    curved: bool = False


def with_chains(network: Network) -> Network:
    """Returns the network with a single node for every function of one tensor."""
    ends = frozenset(_read_otherwise(network, {}) | _bounds(network))
    while True:
        functions = _functions(network, ends)
        found = ends | _read_otherwise(network, functions)
        if found == ends:
            break
        ends = found
    chains = {
        name: Node(CHAIN, name, (each.root,), (name,), {"apply": each.apply})
        for name, each in functions.items()
        if name in ends and each.curved and each.nodes > 1
    }
    nodes = [_named(chains.get(node.outputs[0]), node) for node in network.nodes]
    return replace(network, nodes=_needed(network, nodes))


def _named(chain: Node | None, node: Node) -> Node:
    """Returns the chain under the name of its last operator, or that operator."""
    if chain is None:
        return node
    return replace(chain, name=node.name, attributes={**chain.attributes, "last": node.kind})


def _bounds(network: Network) -> set[str]:
    """Returns tensors within bounds that stand alone for what they are made of.

    Eight bits of such a tensor are finer than those of a root with a wider range.
    """
    makers = {output: node for node in network.nodes for output in node.outputs}

    def stands_alone(name: str) -> bool:
        if len(network.consumers(name)) != 1 or network.is_output(name):
            return False
        maker = makers.get(name)
        computed = [] if maker is None else [x for x in maker.inputs if x not in network.constants]
        passing = maker is not None and maker.kind in (*BINARY, *CLAMPS) and len(computed) == 1
        return stands_alone(computed[0]) if passing else True

    return {
        node.outputs[0]
        for node in network.nodes
        if node.kind in CLAMPS and node.inputs[0] in makers and stands_alone(node.inputs[0])
    }


def _functions(network: Network, ends: frozenset[str]) -> dict[str, _Function]:
    """Returns what is a function of one tensor; `ends` are read as they are, not seen through."""
    found: dict[str, _Function] = {}

    def operand(name: str) -> _Function:
        known = found.get(name)
        return _Function(name, lambda real: real) if known is None or name in ends else known

    for node in network.nodes:
        made = _function(network, node, operand)
        if made is not None:
            found[node.outputs[0]] = made
    return found


def _function(
    network: Network, node: Node, operand: Callable[[str], _Function]
) -> _Function | None:
    if node.kind in CURVED and len(node.inputs) == 1:
        x = operand(node.inputs[0])
        function, attributes, inner = FUNCTIONS[node.kind], node.attributes, x.apply
        return _Function(
            x.root, lambda real: function(inner(real), [], attributes), x.nodes + 1, curved=True
        )
    if node.kind in CLAMPS:
        return _clamped(network, node, operand)
    if node.kind not in BINARY or len(node.inputs) != 2:
        return None
    return _combined(network, node, operand)


def _combined(
    network: Network, node: Node, operand: Callable[[str], _Function]
) -> _Function | None:
    names = [name for name in node.inputs if name not in network.constants]
    numbers = [_number(network, name) for name in node.inputs]
    parts = {name: operand(name) for name in names}
    roots = {each.root for each in parts.values()}
    scalar = all(
        number is not None or name in parts
        for number, name in zip(numbers, node.inputs, strict=True)
    )
    # A quotient by a tensor is as steep as its reciprocal.
    if len(roots) != 1 or not scalar or (node.kind == "Div" and node.inputs[1] in parts):
        return None
    first, second = (
        parts[name].apply if number is None else _constantly(number)
        for number, name in zip(numbers, node.inputs, strict=True)
    )
    function = BINARY[node.kind]
    product = node.kind == "Mul" and len(names) == 2
    return _Function(
        roots.pop(),
        lambda real: np.asarray(function(first(real), second(real))),
        sum(parts[name].nodes for name in set(names)) + 1,
        product or any(each.curved for each in parts.values()),
    )


def _clamped(network: Network, node: Node, operand: Callable[[str], _Function]) -> _Function | None:
    low, high = (0.0, np.inf) if node.kind == "Relu" else (-np.inf, np.inf)
    if node.kind == "Clip":
        low, high = node.attributes.get("min", low), node.attributes.get("max", high)
        for place, name in enumerate(node.inputs[1:]):
            number = _number(network, name) if name else None
            if name and number is None:
                return None
            if number is not None:
                low, high = (number, high) if place == 0 else (low, number)
    if node.inputs[0] in network.constants:
        return None
    x = operand(node.inputs[0])
    inner = x.apply
    return _Function(x.root, lambda real: np.clip(inner(real), low, high), x.nodes + 1, x.curved)


def _constantly(number: float) -> Apply:
    return lambda real: np.full_like(real, number)


def _number(network: Network, name: str) -> float | None:
    """Returns a constant of one number, which adds no axes; None for anything else."""
    found = network.constants.get(name)
    if found is None or isinstance(found, Weights) or found.size != 1 or found.ndim > 1:
        return None
    return float(found.reshape(-1)[0])


def _read_otherwise(network: Network, functions: Mapping[str, _Function]) -> set[str]:
    """Returns the outputs of nodes that something other than a function of one tensor reads."""
    made = {output for node in network.nodes for output in node.outputs}
    read = {each.name for each in network.outputs}
    for node in network.nodes:
        if node.outputs[0] not in functions:
            read.update(node.inputs)
    return read & made if functions else {each.name for each in network.outputs} & made


def _needed(network: Network, nodes: list[Node]) -> tuple[Node, ...]:
    """Returns the nodes that an output depends on."""
    needed = {each.name for each in network.outputs}
    kept = []
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return tuple(reversed(kept))

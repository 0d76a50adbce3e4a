"""Additive masks before a softmax: how far below the rest their numbers may lie.

A mask of -1e9 says no more than one of -100: either way the share is zero. In a sum, though, its
size would set the scale and leave no steps for the scores.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kernels.onnx.exact import Network, Node
from kernels.onnx.exact.network import Weights
from kernels.onnx.quantisation.calibration import Ranges
from kernels.trace.layout import Array

MARGIN = 24.0
"""A score so far below another has a share of e^-24, much less than the smallest of 1/256."""
VIEWS = ("Cast", "Expand", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
PASSED = (*VIEWS, "Add", "Sub", "Where")


NO_FLOATS = (-math.inf, math.inf)
"""Tensors of integers and booleans have no observed range."""


@dataclass(frozen=True, slots=True)
class _Scores:
    """The tensors that nothing but softmaxes read, directly or through sums, views and choices.

    `floors` are the lowest of their numbers that matter.
    """

    network: Network
    ranges: Ranges
    floors: dict[str, float]

    def high(self, name: str) -> float:
        """Returns the largest number of an operand; infinity for one of no floats."""
        found = self.network.constants.get(name)
        if found is None:
            return self.ranges.extremes.get(name, NO_FLOATS)[1]
        return float(_real(found).max())

    def low(self, name: str) -> float:
        """Returns the smallest number of an operand; minus infinity for one of no floats."""
        found = self.network.constants.get(name)
        if found is None:
            return self.ranges.extremes.get(name, NO_FLOATS)[0]
        return float(_real(found).min())

    def needed(self, name: str, reader: Node) -> float | None:
        """Returns the floor of an operand of this reader, None where all its numbers matter."""
        if reader.kind == "Softmax":
            return self.ranges.kept.get(name, self.low(name)) - MARGIN
        floor = self.floors.get(reader.outputs[0])
        if reader.kind not in PASSED or floor is None:
            return None
        first, second = reader.inputs[0], reader.inputs[-1]
        if reader.kind == "Add":
            return floor - self.high(second if name == first else first)
        if reader.kind == "Sub":
            return floor + self.low(second) if name == first != second else None
        return None if reader.kind == "Where" and name == first else floor


def masked(network: Network, ranges: Ranges) -> tuple[Network, Ranges]:
    """Returns the network and the ranges with masks no lower than what matters to a softmax."""
    scores = _Scores(network, ranges, {})
    known = [entry.name for entry in network.inputs]
    for name in (*(out for node in reversed(network.nodes) for out in node.outputs), *known):
        readers = network.consumers(name)
        if not readers or network.is_output(name) or name not in ranges.extremes:
            continue
        floors = [scores.needed(name, reader) for reader in readers]
        found = [floor for floor in floors if floor is not None]
        if len(found) == len(readers):
            scores.floors[name] = min(found)
    if not scores.floors:
        return network, ranges
    nodes, constants = _clipped(scores)
    lows = _lows(scores, nodes, constants)
    return (
        replace(network, nodes=nodes, constants=constants, floors=_used(scores)),
        replace(
            ranges,
            quantiles=_raised(ranges.quantiles, lows),
            extremes=_raised(ranges.extremes, lows),
        ),
    )


def _clipped(scores: _Scores) -> tuple[tuple[Node, ...], Mapping[str, Array | Weights]]:
    """Returns the nodes and constants, the constants of scores under names of their own."""
    constants = dict(scores.network.constants)
    nodes = []
    for node in scores.network.nodes:
        floor = scores.floors.get(node.outputs[0])
        inputs = list(node.inputs)
        if floor is not None and node.kind in ("Add", "Sub", "Where"):
            for place, name in enumerate(inputs):
                found = constants.get(name)
                if found is None or (node.kind == "Where" and place == 0):
                    continue
                inputs[place] = f"{node.outputs[0]}/{place}"
                constants[inputs[place]] = _bounded(scores, node, place, floor)
        nodes.append(replace(node, inputs=tuple(inputs)))
    return tuple(nodes), constants


def _bounded(scores: _Scores, node: Node, place: int, floor: float) -> Array:
    real = _real(scores.network.constants[node.inputs[place]])
    if node.kind == "Where":
        return np.maximum(real, floor)
    other = scores.high(node.inputs[1 - place])
    if node.kind == "Sub" and place == 1:
        return np.minimum(real, other - floor)
    if node.kind == "Sub":
        return np.maximum(real, floor + scores.low(node.inputs[1]))
    return np.maximum(real, floor - other)


def _lows(
    scores: _Scores, nodes: tuple[Node, ...], constants: Mapping[str, Array | Weights]
) -> dict[str, float]:
    """Returns the smallest number of every tensor of scores once masks are clipped."""
    lows: dict[str, float] = {}

    def low(name: str) -> float:
        found = constants.get(name)
        return lows.get(name, scores.low(name)) if found is None else float(_real(found).min())

    makers = {output: node for node in nodes for output in node.outputs}
    order = [entry.name for entry in scores.network.inputs] + list(makers)
    for name in order:
        if name not in scores.floors:
            continue
        node, least = makers.get(name), max(scores.low(name), scores.floors[name])
        if node is not None and node.kind == "Add":
            least = max(scores.low(name), low(node.inputs[0]) + low(node.inputs[1]))
        elif node is not None and node.kind in VIEWS:
            least = max(scores.low(name), low(node.inputs[0]))
        lows[name] = least
    return lows


def _used(scores: _Scores) -> dict[str, float]:
    """Returns the floors of masks; other scores stay as fine as they are."""
    kept = scores.ranges.kept
    return {
        name: floor
        for name, floor in scores.floors.items()
        if name in kept and scores.low(name) < floor
    }


def _raised(
    ends: Mapping[str, tuple[float, float]], lows: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    return {
        name: (max(low, lows[name]), max(high, lows[name])) if name in lows else (low, high)
        for name, (low, high) in ends.items()
    }


def _real(found: Array | Weights) -> Array:
    return found.real if isinstance(found, Weights) else np.asarray(found, np.float64)

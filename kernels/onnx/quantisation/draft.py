"""The exact graph that a float model will have, before it is calibrated."""

import onnx

from kernels.graph import Graph
from kernels.onnx.exact import Network, lower, read_network
from kernels.onnx.quantisation.calibration import Ranges
from kernels.onnx.quantisation.preparation import prepared
from kernels.onnx.quantisation.quantise import Options, calibrated
from kernels.onnx.quantisation.samples import Shapes

EITHER, POSITIVE = (-1.0, 1.0), (0.0, 1.0)
"""Assumed ranges. The operators of a graph hardly depend on more than the sign."""
ABOVE_ZERO = {"Abs", "Exp", "HardSigmoid", "Relu", "Sigmoid", "Softmax", "Softplus", "Sqrt"}
KEEPING = {"AveragePool", "GlobalAveragePool", "Identity", "MaxPool", "Reshape", "Transpose"}


def draft(model: onnx.ModelProto, shapes: Shapes) -> Graph:
    """Returns a graph of the same operators and shapes, whose scales are made up.

    It tells what a job costs, and computes nothing of use. Raises CalibrationError, or
    LoweringError naming a node without an exact form.
    """
    return drafted(prepared(model, shapes), shapes)


def drafted(ready: onnx.ModelProto, shapes: Shapes) -> Graph:
    """Returns the same of a prepared model; raises LoweringError."""
    network = read_network(ready, shapes)
    names = [
        *(each.name for each in network.inputs if each.stored.startswith("float")),
        *(name for node in network.nodes for name in node.outputs),
    ]
    assumed = dict.fromkeys(names, EITHER) | _positive(network)
    ranges = Ranges(assumed, assumed, frozenset(), {}, {})
    return lower(calibrated(network, ranges, Options())).graph


def _positive(network: Network) -> dict[str, tuple[float, float]]:
    """Returns the range of every tensor that is never below zero."""
    found: dict[str, tuple[float, float]] = {}
    for node in network.nodes:
        if node.kind in ABOVE_ZERO or (node.kind in KEEPING and node.inputs[0] in found):
            found |= dict.fromkeys(node.outputs, POSITIVE)
    return found

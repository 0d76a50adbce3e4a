"""Lowers quantised ONNX graphs to exact graphs."""

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.interface import Interface, InterfaceError, Port
from kernels.onnx.exact.lowering import Lowered, Lowering
from kernels.onnx.exact.network import Network, Node, Quantisation
from kernels.onnx.exact.operators import HANDLERS
from kernels.onnx.exact.reading import read_network, with_inputs

__all__ = [
    "Interface",
    "InterfaceError",
    "Lowered",
    "LoweringError",
    "Network",
    "Node",
    "Port",
    "Quantisation",
    "lower",
    "read_network",
    "with_inputs",
]


def lower(network: Network) -> Lowered:
    """Returns the exact graph of a network; raises LoweringError naming a node that has none."""
    return Lowering(network, HANDLERS).run()

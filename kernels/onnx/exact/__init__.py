"""Quantised ONNX graphs as exact graphs."""

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.interface import Interface, InterfaceError, Port
from kernels.onnx.exact.lowering import Lowered, Lowering
from kernels.onnx.exact.network import Network, Quantisation
from kernels.onnx.exact.operators import HANDLERS
from kernels.onnx.exact.reading import read_network, with_inputs

__all__ = [
    "Interface",
    "InterfaceError",
    "Lowered",
    "LoweringError",
    "Network",
    "Port",
    "Quantisation",
    "lower",
    "read_network",
    "with_inputs",
]


def lower(network: Network) -> Lowered:
    """The exact graph of a network; LoweringError names the node that has none."""
    return Lowering(network, HANDLERS).run()

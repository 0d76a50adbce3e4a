"""Tables whose columns differ in size, such as ages beside incomes."""

from dataclasses import replace

import numpy as np

from kernels.onnx.exact import Network
from kernels.onnx.exact.network import NetworkInput, Node
from kernels.onnx.quantisation.calibration import Ranges
from kernels.trace.layout import Array

SPREAD = 4.0
"""How much larger the largest column is than the smallest, where one scale is too coarse."""
STEPS = (1 << 15) - 1
SCALERS = {"Add", "Mul", "Sub"}
PRODUCTS = {"Gemm", "MatMul"}


def with_columns(network: Network, ranges: Ranges) -> Network:
    """Returns the network whose tables have a scale for each column, of 16 bits.

    A table is an input of two axes with real numbers, which only scalers and products read. In 8
    bits with one scale its small columns would be lost before a model could scale them.
    """
    return replace(
        network, inputs=tuple(_columned(network, entry, ranges) for entry in network.inputs)
    )


def _columned(network: Network, entry: NetworkInput, ranges: Ranges) -> NetworkInput:
    peaks = ranges.channels.get(entry.name)
    readers = {node.kind for node in network.consumers(entry.name)}
    table = len(entry.shape) == 2 and peaks is not None and not network.is_output(entry.name)
    if not table or peaks is None or not readers or not readers <= SCALERS | PRODUCTS:
        return entry
    if not all(_is_scaling(network, node, peaks) for node in network.consumers(entry.name)):
        return entry
    used = peaks[peaks > 0].astype(np.float64)
    even = not used.size or used.max() < SPREAD * used.min()
    if even and readers.isdisjoint(SCALERS):
        return entry
    scales = np.where(peaks > 0, peaks, used.max()).astype(np.float64) / STEPS
    return replace(entry, quantisation=None, columns=scales)


def _is_scaling(network: Network, node: Node, peaks: Array) -> bool:
    """Returns whether a node that is no product has a constant that the columns' scales can hold.

    One that is far larger than its column, such as a mask, cannot be told in steps of the column.
    """
    if node.kind in PRODUCTS:
        return True
    known = [network.constants.get(name) for name in node.inputs if name in network.constants]
    if len(known) != 1 or not isinstance(known[0], np.ndarray):
        return False
    return node.kind == "Mul" or bool(np.all(np.abs(known[0]) <= STEPS * peaks))

"""Handwritten digits: an int8 convolutional network, and images that it was never trained on."""

from kernels.models.digits.images import HELD_OUT, held_out
from kernels.models.digits.network import GRAPH_PATH, accuracy, graph

__all__ = ["GRAPH_PATH", "HELD_OUT", "accuracy", "graph", "held_out"]

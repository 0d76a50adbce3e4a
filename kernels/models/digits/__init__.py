"""Handwritten digits: an int8 convolutional network and the images it has never seen."""

from kernels.models.digits.images import HELD_OUT, held_out
from kernels.models.digits.network import GRAPH_PATH, accuracy, graph

__all__ = ["GRAPH_PATH", "HELD_OUT", "accuracy", "graph", "held_out"]

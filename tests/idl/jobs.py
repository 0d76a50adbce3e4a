"""A small job: a graph of four operators and its input."""

from typing import Final

import numpy as np

from keeper.lab.market.jobs import small_graph

GRAPH: Final = small_graph()
INPUT: Final = np.arange(32, dtype=np.int8).reshape(GRAPH.inputs[0].shape)

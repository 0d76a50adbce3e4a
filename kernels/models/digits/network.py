"""The committed network: conv 3x3x32, conv 3x3x64, pool, dense 128, dense 10, argmax."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernels.graph import Graph, read
from kernels.trace.layout import Array

GRAPH_PATH = Path(__file__).parent / "digits.graph"


@cache
def graph() -> Graph:
    """Returns the quantised network for one batch of all held-out images.

    Input int8 [360, 8, 8, 1], result int32 [1, 1, 360, 1]: the digit of each image.
    """
    return read(GRAPH_PATH)


def accuracy(result: Array, labels: npt.NDArray[np.int64]) -> float:
    """Returns the share of images, 0 to 1, whose digit is right."""
    return float(np.mean(result.reshape(-1) == labels))

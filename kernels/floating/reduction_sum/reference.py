"""NumPy twin of the sum over the last axis."""

from collections.abc import Sequence

import numpy as np

from kernels.floating.definition import Array, Settings
from kernels.floating.rowwise import example, naive_invocations, scratch, stages, work

__all__ = ["evaluate", "example", "naive_invocations", "scratch", "stages", "work"]


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Returns the row sums, [R], of x[R, C]."""
    return [np.sum(inputs[0], axis=-1)]

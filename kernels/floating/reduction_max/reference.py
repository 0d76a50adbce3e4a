"""NumPy twin of the maximum over the last axis."""

from collections.abc import Sequence

import numpy as np

from kernels.floating.definition import Array, Settings
from kernels.floating.rowwise import example, naive_invocations, scratch, stages, work

__all__ = ["evaluate", "example", "naive_invocations", "scratch", "stages", "work"]


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Returns the row maxima, [R], of x[R, C]."""
    return [np.max(inputs[0], axis=-1)]

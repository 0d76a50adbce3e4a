"""NumPy twin of the softmax over the last axis."""

from collections.abc import Sequence

import numpy as np

from kernels.floating.definition import (
    Array,
    Dimensions,
    Settings,
    Stage,
    Tuning,
    Work,
    grid,
    streamed,
)


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Returns exp(x − max) / Σ exp(x − max) per row of x[R, C]."""
    weights = np.exp(inputs[0] - inputs[0].max(axis=-1, keepdims=True))
    return [weights / weights.sum(axis=-1, keepdims=True)]


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns dimensions for 64 MiB in rows of `size`."""
    return {"R": streamed(size, element_bytes) // size, "C": size}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: every element read and written."""
    return Work(bytes=2 * dimensions["R"] * dimensions["C"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which LANES invocations take one row.

    The row stays in registers where it fits them and fills at least half of them.
    """
    rows = tuning["WORKGROUP"] // tuning["LANES"]
    room = 128 * tuning["LANES"]
    fits = room // 2 < dimensions["C"] <= room and dimensions["C"] % 4 == 0
    entry_point = "held" if fits else "online"
    return [Stage(entry_point, grid(-(-dimensions["R"] // rows)))]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per row."""
    return dimensions["R"]

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
    """X[R, C] to exp(x − max) / Σ exp(x − max), each row."""
    weights = np.exp(inputs[0] - inputs[0].max(axis=-1, keepdims=True))
    return [weights / weights.sum(axis=-1, keepdims=True)]


def example(size: int, element_bytes: int) -> Dimensions:
    """64 MiB in rows of `size`."""
    return {"R": streamed(size, element_bytes) // size, "C": size}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Reads and writes every element."""
    return Work(bytes=2 * dimensions["R"] * dimensions["C"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """LANES invocations a row; in registers where the row fits them and fills half of them."""
    rows = tuning["WORKGROUP"] // tuning["LANES"]
    room = 128 * tuning["LANES"]
    fits = room // 2 < dimensions["C"] <= room and dimensions["C"] % 4 == 0
    entry_point = "held" if fits else "online"
    return [Stage(entry_point, grid(-(-dimensions["R"] // rows)))]


def naive_invocations(dimensions: Dimensions) -> int:
    """One a row."""
    return dimensions["R"]

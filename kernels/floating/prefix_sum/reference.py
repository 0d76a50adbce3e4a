"""NumPy twin of the inclusive prefix sum over the last axis."""

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
    """X[R, C] to the sum of x up to and including each element of its row."""
    return [np.cumsum(inputs[0], axis=-1, dtype=inputs[0].dtype)]


def example(size: int, element_bytes: int) -> Dimensions:
    """64 MiB in rows of 32 times the size."""
    columns = 32 * size
    return {"R": max(1, streamed(size, element_bytes) // columns), "C": columns}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Reads and writes every element."""
    return Work(bytes=2 * dimensions["R"] * dimensions["C"] * element_bytes)


def scratch(dimensions: Dimensions, tuning: Tuning) -> Dimensions:
    """Blocks of a row, one a workgroup."""
    return {"BLOCKS": -(-dimensions["C"] // (4 * tuning["WORKGROUP"] * tuning["VECTORS"]))}


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Sums of blocks, their offsets, then the scan of each block from its offset."""
    blocks = grid(dimensions["R"] * dimensions["BLOCKS"])
    return [Stage("sums", blocks), Stage("offsets", grid(dimensions["R"])), Stage("scan", blocks)]


def naive_invocations(dimensions: Dimensions) -> int:
    """One a row."""
    return dimensions["R"]

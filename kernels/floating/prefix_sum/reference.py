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
    """Returns, for each element of x[R, C], the sum of its row up to and including it."""
    return [np.cumsum(inputs[0], axis=-1, dtype=inputs[0].dtype)]


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns dimensions for 64 MiB in rows of 32 times the size."""
    columns = 32 * size
    return {"R": max(1, streamed(size, element_bytes) // columns), "C": columns}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: every element read and written."""
    return Work(bytes=2 * dimensions["R"] * dimensions["C"] * element_bytes)


def scratch(dimensions: Dimensions, tuning: Tuning) -> Dimensions:
    """Returns the number of blocks per row; each block has one workgroup."""
    return {"BLOCKS": -(-dimensions["C"] // (4 * tuning["WORKGROUP"] * tuning["VECTORS"]))}


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns three dispatches: block sums, block offsets, and the scan of each block."""
    blocks = grid(dimensions["R"] * dimensions["BLOCKS"])
    return [Stage("sums", blocks), Stage("offsets", grid(dimensions["R"])), Stage("scan", blocks)]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per row."""
    return dimensions["R"]

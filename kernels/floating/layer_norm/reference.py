"""NumPy twin of layer normalisation over the last axis."""

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
    """Returns gamma · (x − mean) / √(variance + epsilon) + beta.

    The inputs are x[R, C], gamma[C] and beta[C].
    """
    x, gamma, beta = inputs
    distance = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(distance).mean(axis=-1, keepdims=True)
    return [distance / np.sqrt(variance + settings["epsilon"]) * gamma + beta]


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns dimensions for 64 MiB in rows of `size`."""
    return {"R": streamed(size, element_bytes) // size, "C": size}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: every element of x read and written."""
    return Work(bytes=2 * dimensions["R"] * dimensions["C"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which LANES invocations normalise one row."""
    rows = tuning["WORKGROUP"] // tuning["LANES"]
    return [Stage("main", grid(-(-dimensions["R"] // rows)))]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per row."""
    return dimensions["R"]

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
    """X[R, C], gamma[C], beta[C] to gamma · (x − mean) / √(variance + epsilon) + beta."""
    x, gamma, beta = inputs
    distance = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(distance).mean(axis=-1, keepdims=True)
    return [distance / np.sqrt(variance + settings["epsilon"]) * gamma + beta]


def example(size: int, element_bytes: int) -> Dimensions:
    """64 MiB in rows of `size`."""
    return {"R": streamed(size, element_bytes) // size, "C": size}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Reads and writes every element of x."""
    return Work(bytes=2 * dimensions["R"] * dimensions["C"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """LANES invocations a row."""
    rows = tuning["WORKGROUP"] // tuning["LANES"]
    return [Stage("main", grid(-(-dimensions["R"] // rows)))]


def naive_invocations(dimensions: Dimensions) -> int:
    """One a row."""
    return dimensions["R"]

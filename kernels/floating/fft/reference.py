"""NumPy twin of the discrete Fourier transform over the last axis."""

from collections.abc import Sequence

import numpy as np

from kernels.floating.definition import Array, Dimensions, Settings, Stage, Tuning, Work, grid

COMPLEX_BYTES = 8
ROWS = 128


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Complex X[R, N] to its transform; the inverse is divided by N."""
    transform = np.fft.ifft if settings["inverse"] else np.fft.fft
    # NumPy works on whole vectors of a processor; lanes without a row may hold no number.
    with np.errstate(invalid="ignore"):
        return [transform(inputs[0], axis=-1).astype(inputs[0].dtype)]


def example(size: int, element_bytes: int) -> Dimensions:
    """128 rows of the power of two at or below the size, at most 4,096."""
    return {"R": ROWS, "N": min(4096, 1 << (size.bit_length() - 1))}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """5 N log2 N, by which transforms are compared (benchFFT)."""
    n = dimensions["N"]
    return Work(flops=5 * dimensions["R"] * n * (n.bit_length() - 1))


def workgroup_bytes(dimensions: Dimensions, tuning: Tuning) -> int:
    """A row."""
    return COMPLEX_BYTES * dimensions["N"]


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """A row a workgroup."""
    return [Stage("main", grid(dimensions["R"]))]


def naive_invocations(dimensions: Dimensions) -> int:
    """One an element."""
    return dimensions["R"] * dimensions["N"]

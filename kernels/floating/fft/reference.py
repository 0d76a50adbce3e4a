"""NumPy twin of the discrete Fourier transform over the last axis."""

from collections.abc import Sequence

import numpy as np

from kernels.floating.definition import Array, Dimensions, Settings, Stage, Tuning, Work, grid

COMPLEX_BYTES = 8
ROWS = 128


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Returns the transform of complex x[R, N]; the inverse is divided by N."""
    transform = np.fft.ifft if settings["inverse"] else np.fft.fft
    # NumPy computes on whole processor vectors; lanes beyond the last row may hold NaN.
    with np.errstate(invalid="ignore"):
        return [transform(inputs[0], axis=-1).astype(inputs[0].dtype)]


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns 128 rows of the power of two at or below the size, at most 4,096."""
    return {"R": ROWS, "N": min(4096, 1 << (size.bit_length() - 1))}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: 5 N log2 N operations, by which transforms are compared (benchFFT)."""
    n = dimensions["N"]
    return Work(flops=5 * dimensions["R"] * n * (n.bit_length() - 1))


def workgroup_bytes(dimensions: Dimensions, tuning: Tuning) -> int:
    """Returns the bytes of one row."""
    return COMPLEX_BYTES * dimensions["N"]


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which a workgroup transforms one row."""
    return [Stage("main", grid(dimensions["R"]))]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per element."""
    return dimensions["R"] * dimensions["N"]

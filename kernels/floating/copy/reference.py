"""NumPy twin of the copy that bandwidths are compared with."""

from collections.abc import Sequence

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
    """X[N]."""
    return [inputs[0].copy()]


def example(size: int, element_bytes: int) -> Dimensions:
    """64 MiB, above most caches."""
    return {"N": streamed(size, element_bytes)}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Reads and writes N elements."""
    return Work(bytes=2 * dimensions["N"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """A block of vectors a workgroup."""
    block = 4 * tuning["WORKGROUP"] * tuning["VECTORS"]
    return [Stage("main", grid(-(-dimensions["N"] // block)))]


def naive_invocations(dimensions: Dimensions) -> int:
    """One an element."""
    return dimensions["N"]

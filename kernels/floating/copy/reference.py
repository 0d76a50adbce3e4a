"""NumPy twin of the copy, the baseline for bandwidths."""

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
    """Returns a copy of x[N]."""
    return [inputs[0].copy()]


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns N for 64 MiB, which exceeds most caches."""
    return {"N": streamed(size, element_bytes)}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: N elements read and written."""
    return Work(bytes=2 * dimensions["N"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which a workgroup copies a block of vectors."""
    block = 4 * tuning["WORKGROUP"] * tuning["VECTORS"]
    return [Stage("main", grid(-(-dimensions["N"] // block)))]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per element."""
    return dimensions["N"]

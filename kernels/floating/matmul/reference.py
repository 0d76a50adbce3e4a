"""NumPy twin of the matrix product."""

from collections.abc import Sequence

from kernels.floating.definition import Array, Dimensions, Settings, Stage, Tuning, Work


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """A[M, K] · B[K, N] to [M, N]."""
    return [inputs[0] @ inputs[1]]


def example(size: int, element_bytes: int) -> Dimensions:
    """Square."""
    return {"M": size, "K": size, "N": size}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """A multiplication and an addition for each term."""
    return Work(flops=2 * dimensions["M"] * dimensions["K"] * dimensions["N"])


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """A tile of rows and columns a workgroup."""
    ly = tuning["LANES_Y"]
    lx = tuning["WORKGROUP"] // ly
    return [Stage("direct", (-(-dimensions["N"] // (8*lx)), -(-dimensions["M"] // (4*ly)), 1))]


def naive_invocations(dimensions: Dimensions) -> int:
    """One an element."""
    return dimensions["M"] * dimensions["N"]

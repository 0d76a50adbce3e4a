"""NumPy twin of the matrix product."""

from collections.abc import Sequence

from kernels.floating.definition import Array, Dimensions, Settings, Stage, Tuning, Work


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Returns A[M, K] · B[K, N], [M, N]."""
    return [inputs[0] @ inputs[1]]


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns square matrices of the size."""
    return {"M": size, "K": size, "N": size}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: one multiplication and one addition per term."""
    return Work(flops=2 * dimensions["M"] * dimensions["K"] * dimensions["N"])


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which an invocation computes eight columns by four rows."""
    down = 4 * tuning["LANES_Y"]
    across = 8 * (tuning["WORKGROUP"] // tuning["LANES_Y"])
    groups = -(-dimensions["N"] // across), -(-dimensions["M"] // down), 1
    return [Stage("tiled" if tuning["TILED"] else "direct", groups)]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per element."""
    return dimensions["M"] * dimensions["N"]

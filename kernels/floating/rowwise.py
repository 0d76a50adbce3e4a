"""Divides the reductions of rows among workgroups."""

from collections.abc import Sequence

from kernels.floating.definition import Dimensions, Stage, Tuning, Work, grid, streamed


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns dimensions for 64 MiB in rows of 32 times the size."""
    columns = 32 * size
    return {"R": max(1, streamed(size, element_bytes) // columns), "C": columns}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: every element read."""
    return Work(bytes=dimensions["R"] * dimensions["C"] * element_bytes)


def scratch(dimensions: Dimensions, tuning: Tuning) -> Dimensions:
    """Returns the number of parts per row; LANES invocations take one part."""
    return {"PARTS": -(-dimensions["C"] // (4 * tuning["LANES"] * tuning["VECTORS"]))}


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns two dispatches: the parts of every row, and the combination of their results."""
    across = tuning["WORKGROUP"] // tuning["LANES"]
    parts = dimensions["R"] * dimensions["PARTS"]
    return [
        Stage("partial", grid(-(-parts // across))),
        Stage("total", grid(-(-dimensions["R"] // across))),
    ]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per row."""
    return dimensions["R"]

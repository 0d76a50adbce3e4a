"""How the reductions of rows are divided among workgroups."""

from collections.abc import Sequence

from kernels.floating.definition import Dimensions, Stage, Tuning, Work, grid, streamed


def example(size: int, element_bytes: int) -> Dimensions:
    """64 MiB in rows of 32 times the size."""
    columns = 32 * size
    return {"R": max(1, streamed(size, element_bytes) // columns), "C": columns}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Reads every element."""
    return Work(bytes=dimensions["R"] * dimensions["C"] * element_bytes)


def scratch(dimensions: Dimensions, tuning: Tuning) -> Dimensions:
    """Parts of a row, each for LANES invocations."""
    return {"PARTS": -(-dimensions["C"] // (4 * tuning["LANES"] * tuning["VECTORS"]))}


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """The parts of every row, then what they gave."""
    across = tuning["WORKGROUP"] // tuning["LANES"]
    parts = dimensions["R"] * dimensions["PARTS"]
    return [
        Stage("partial", grid(-(-parts // across))),
        Stage("total", grid(-(-dimensions["R"] // across))),
    ]


def naive_invocations(dimensions: Dimensions) -> int:
    """One a row."""
    return dimensions["R"]

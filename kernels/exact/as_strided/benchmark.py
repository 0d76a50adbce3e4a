"""How the kernel benchmark runs the operator: a transpose."""

from kernels.exact.as_strided.operator import draft
from kernels.exact.benchmark import Case, Declare, wide

NAME = "transpose_int32"


def case(size: int, declare: Declare) -> Case:
    """Returns the transpose of rows of `size`."""
    x = wide(size)
    rows = x.shape[2]
    whole = rows * size
    return Case(
        draft(declare(x), (1, 1, size, rows), (whole, whole, 1, size)), [x], bytes=2 * x.nbytes
    )

"""How the kernel benchmark runs the operator: long rows."""

from kernels.exact.benchmark import Case, Declare, random, rows_of
from kernels.exact.softmax.operator import draft

NAME = "softmax_int8"


def case(size: int, declare: Declare) -> Case:
    """Returns the softmax of rows of `size`."""
    x = random(1, 1, rows_of(size), size)
    return Case(draft(declare(x), 1 << 20, 12), [x], bytes=2 * x.nbytes)

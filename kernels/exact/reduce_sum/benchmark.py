"""How the kernel benchmark runs the operator: long rows."""

from kernels.exact.benchmark import Case, Declare, wide
from kernels.exact.reduce_sum.operator import draft

NAME = "reduce_sum_int32"


def case(size: int, declare: Declare) -> Case:
    """Returns the sums of rows of `size`."""
    x = wide(size)
    return Case(draft(declare(x)), [x], bytes=x.nbytes)

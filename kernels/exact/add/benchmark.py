"""How the kernel benchmark runs the operator: no broadcasting."""

from kernels.exact.add.operator import draft
from kernels.exact.benchmark import Case, Declare, wide

NAME = "add_int32"


def case(size: int, declare: Declare) -> Case:
    """Returns the sum of two inputs of one shape."""
    x = wide(size)
    return Case(draft(declare(x), declare(x)), [x, x], bytes=3 * x.nbytes)

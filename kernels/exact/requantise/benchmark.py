"""How the kernel benchmark runs the operator: one scale for the tensor."""

from kernels.exact.benchmark import Case, Declare, wide
from kernels.exact.requantise.operator import draft

NAME = "requantise_int32"


def case(size: int, declare: Declare) -> Case:
    """Returns int32 narrowed to int8 with one scale for the tensor."""
    x = wide(size)
    return Case(draft(declare(x), 1 << 30, 38), [x], bytes=x.nbytes + x.size)

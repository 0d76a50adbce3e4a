"""How the kernel benchmark runs the operator: a square product."""

from kernels.exact.benchmark import Case, Declare, random
from kernels.exact.matmul.operator import draft

NAME = "matmul_int8"


def case(size: int, declare: Declare) -> Case:
    """Returns size x size times a constant size x size."""
    x = random(1, 1, size, size)
    return Case(draft(declare(x), random(size, size)), [x], flops=2 * size**3)

"""How the kernel benchmark runs the operator: a random table."""

from kernels.exact.benchmark import Case, Declare, random, rows_of
from kernels.exact.lookup.operator import draft

NAME = "lookup_int8"


def case(size: int, declare: Declare) -> Case:
    """Returns rows of `size` looked up in a random table."""
    x = random(1, 1, rows_of(size), size)
    return Case(draft(declare(x), random(256)), [x], bytes=2 * x.nbytes)

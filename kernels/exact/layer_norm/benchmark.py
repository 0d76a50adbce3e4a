"""How the kernel benchmark runs the operator: long rows."""

import numpy as np

from kernels.exact.benchmark import Case, Declare, wide
from kernels.exact.layer_norm.operator import draft

NAME = "layer_norm_int32"


def case(size: int, declare: Declare) -> Case:
    """Returns rows of `size` normalised with one scale and offset for all columns."""
    x = wide(size)
    ones = np.ones(size, np.int32)
    return Case(draft(declare(x), ones << 10, ones, 16), [x], bytes=2 * x.nbytes)

"""How the kernel benchmark runs the operator: rows in random order."""

import numpy as np

from kernels.exact.benchmark import Case, Declare, wide
from kernels.exact.gather.operator import draft

NAME = "gather_int32"


def case(size: int, declare: Declare) -> Case:
    """Returns every row of a table of int32 rows once, in random order."""
    table = wide(size)
    rows = table.shape[2]
    order = np.random.default_rng(size).permutation(rows).astype(np.int32).reshape(1, 1, rows, 1)
    moved = 2 * table.nbytes + order.nbytes
    return Case(draft(declare(order), declare(table)), [order, table], bytes=moved)

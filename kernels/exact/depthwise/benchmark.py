"""How the kernel benchmark runs the operator: a 3x3 window over each of 64 channels."""

from kernels.exact.benchmark import Case, Declare, random
from kernels.exact.depthwise.operator import draft

NAME = "depthwise_int8"
CHANNELS = 64


def case(size: int, declare: Declare) -> Case:
    """Returns a padded 3x3 filter per channel over one image of size/4 by size/4."""
    edge = max(3, size // 4)
    x = random(1, edge, edge, CHANNELS)
    weights = random(CHANNELS, 3, 3, 1)
    flops = 2 * edge * edge * CHANNELS * 9
    return Case(draft(declare(x), weights, padding=(1, 1, 1, 1)), [x], flops=flops)

"""How the kernel benchmark runs the operator: a 3x3 window over 64 channels."""

from kernels.exact.benchmark import Case, Declare, random
from kernels.exact.convolution.operator import draft

NAME = "convolution_int8"
CHANNELS = 64


def case(size: int, declare: Declare) -> Case:
    """Returns a padded 3x3 convolution of one image of size/16 by size/16."""
    edge = max(3, size // 16)
    x = random(1, edge, edge, CHANNELS)
    weights = random(CHANNELS, 3, 3, CHANNELS)
    flops = 2 * edge * edge * CHANNELS * 9 * CHANNELS
    return Case(draft(declare(x), weights, padding=(1, 1, 1, 1)), [x], flops=flops)

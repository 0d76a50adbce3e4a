"""How many workgroups a dispatch takes: what one invocation of a kernel writes."""

from collections.abc import Mapping
from enum import StrEnum

from kernels.descriptor import TensorSpec

WORKGROUP = 64
TILE = 4

Point = Mapping[str, int]


class Grid(StrEnum):
    """What one invocation writes.

    In a group grid an invocation shares a row with the others of its team. In a product grid it
    writes as many rows and columns as the kernel's tuning says.
    """

    WORD = "word"
    ROW = "row"
    TILE = "tile"
    GROUP = "group"
    PRODUCT = "product"


def workgroups(grid: Grid, output: TensorSpec, point: Point) -> int:
    """Returns how many workgroups write the whole output at a point of the kernel's space.

    Raises ValueError for a product grid, whose workgroups depend on more than the output.
    """
    match grid:
        case Grid.WORD:
            invocations = -(-output.stored_bytes // 4)
        case Grid.ROW:
            invocations = output.rows
        case Grid.GROUP:
            invocations = output.rows * team_lanes(output.shape[3], point["LANE_ELEMENTS"])
        case Grid.TILE:
            columns = output.stride // output.dtype.size
            invocations = -(-output.rows // TILE) * -(-columns // TILE)
        case Grid.PRODUCT:
            raise ValueError("a product counts its own workgroups")
    return -(-invocations // WORKGROUP)


def team_lanes(columns: int, each: int) -> int:
    """Returns the invocations that share a row of so many columns, `each` elements per invocation.

    softmax/team.wgsl computes the same number.
    """
    shares = -(-columns // each)
    return min(1 << (shares - 1).bit_length(), WORKGROUP)

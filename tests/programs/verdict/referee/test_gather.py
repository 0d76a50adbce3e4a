"""For gather, the committed index determines the table entry that must be shown."""

import numpy as np
import pytest

from kernels.graph import GraphBuilder
from kernels.trace import LEAF_BYTES, DType
from tests.kernels.evidence.committed import Committed
from tests.kernels.graphs import int8
from tests.programs.verdict.disputing import Disputing
from tests.world import World

TABLE = int8(4, LEAF_BYTES - 1)
"""One entry per leaf, no two alike."""
COLUMN = 5
ENTRY_BYTES = LEAF_BYTES + 2 * 32
"""The leaf and its path."""


def committed(*indices: int, lie: bool) -> Committed:
    """Returns entries of the table; a lie has one wrong column in the first of them."""
    build = GraphBuilder()
    build.gather(build.input((1, 1, len(indices), 1), DType.INT32), TABLE)
    chosen = np.array(indices, np.int32).reshape(1, 1, -1, 1)
    return Committed(build.build(), [chosen], [(0, 1)], {0: [COLUMN]} if lie else None)


@pytest.mark.parametrize(
    ("index", "entry"), [(-(2**31), 0), (-1, 0), (3, 3), (4, 3), (2**31 - 1, 3)]
)
def test_an_index_out_of_range_names_the_nearest_entry(
    world: World, index: int, entry: int
) -> None:
    disputing = Disputing(world, committed(index, lie=True).witness)
    disputing.committed().challenge(0, COLUMN).proven(world)
    assert disputing.receipt.expected == TABLE[entry, COLUMN]
    assert disputing.receipt.committed == TABLE[entry, COLUMN] ^ 1


def test_another_entry_is_no_evidence(world: World) -> None:
    """Another index, which would make that entry right, is no evidence either."""
    disputing = Disputing(world, committed(1, 2, lie=False).witness)
    disputing.committed()
    before = disputing.account
    first, second = (disputing.challenge(0, row * LEAF_BYTES + COLUMN) for row in range(2))
    other_entry = first.evidence[:-ENTRY_BYTES] + second.evidence[-ENTRY_BYTES:]
    other_index = bytearray(other_entry)
    at = len(other_entry) - ENTRY_BYTES - LEAF_BYTES
    assert other_index[at] == 1
    other_index[at] = 2
    for evidence in (other_entry, bytes(other_index)):
        forged = first.with_evidence(evidence).prepare(world)
        world.fails("WrongOperand", forged.prove(), signers=[forged.challenger])
        forged.withdraw(world)
    honest = first.prepare(world)
    world.fails("ElementIsRight", honest.prove(), signers=[honest.challenger])
    assert disputing.account == before

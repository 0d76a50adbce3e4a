"""Outputs as tensors: right whatever is dropped in between, and no more held than allowed."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.exact.verification import tensors
from keeper.exact.verification.tensors import DirtyPaddingError, Tensors
from kernels.trace import pack
from tests.keeper.exact.verification.graphs import honest, stored

GRAPH, _, OUTPUTS = honest(2)
STORED = stored(OUTPUTS)
SIZES = [output.nbytes for output in OUTPUTS]


class Counting(Sequence[bytes | None]):
    """Outputs that count how often each is read."""

    def __init__(self) -> None:
        self.reads = [0] * len(STORED)

    def __len__(self) -> int:
        return len(STORED)

    def __getitem__(self, at: int | slice) -> bytes | None:  # type: ignore[override]
        assert isinstance(at, int)
        self.reads[at] += 1
        return STORED[at]


@given(st.lists(st.integers(0, len(OUTPUTS) - 1), max_size=40), st.integers(0, sum(SIZES)))
def test_every_order_of_reading_gives_the_outputs(order: list[int], held_bytes: int) -> None:
    found = Tensors(STORED, GRAPH.outputs, held_bytes)
    for number in order:
        assert np.array_equal(found[number], OUTPUTS[number])
        held = [each.nbytes for each in found._held.values()]
        assert sum(held) == found._size
        assert sum(held) <= held_bytes or len(held) == 1


def test_what_is_held_is_not_read_again() -> None:
    outputs = Counting()
    found = Tensors(outputs, GRAPH.outputs, SIZES[0] + SIZES[1])
    for number in (0, 1, 0, 1):
        found[number]
    assert outputs.reads[:2] == [1, 1]
    found[2]
    found[0]
    assert outputs.reads[:3] == [2, 1, 1]


def test_a_slice_is_read_in_order() -> None:
    found = Tensors(STORED, GRAPH.outputs)[1:3]
    assert [np.array_equal(*pair) for pair in zip(found, OUTPUTS[1:3], strict=True)] == [True, True]
    assert tensors.HELD_BYTES == 1 << 27


def test_a_missing_output_has_no_tensor() -> None:
    with pytest.raises(LookupError, match="operator 1 is missing"):
        Tensors([STORED[0], None], GRAPH.outputs[:2])[1]


def test_the_first_dirty_pad_byte_is_named() -> None:
    number = next(at for at, spec in enumerate(GRAPH.outputs) if spec.stride > spec.row_bytes)
    spec = GRAPH.outputs[number]
    data = bytearray(pack(OUTPUTS[number]).tobytes())
    dirty = spec.stride + spec.row_bytes
    data[dirty] = 1
    data[dirty + spec.stride] = 1
    outputs: list[bytes | None] = [*STORED[:number], bytes(data)]
    with pytest.raises(DirtyPaddingError) as refused:
        Tensors(outputs, GRAPH.outputs)[number]
    assert refused.value.element == dirty // spec.dtype.size

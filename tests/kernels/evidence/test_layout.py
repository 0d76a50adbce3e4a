"""The leaves that hold an element's operands."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernels.codes import MAX_OPERAND_BYTES
from kernels.evidence import EvidenceError, LeafRange, Place, element_at, place_of
from kernels.evidence.layout import leaf_ranges
from kernels.evidence.operand import Operand, runs_in_order
from kernels.exact import Run
from kernels.exact.rules import most_runs
from kernels.graph import Descriptor, Opcode, TensorSpec, input_spec
from kernels.graph.reference import evaluate, operands
from kernels.trace import DType, pack, unpack
from tests.kernels.cases import CASES, Case
from tests.kernels.evidence.committed import value_at
from tests.kernels.evidence.record import wide


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([], []),
        ([Run(0, 1)], [(0, 1)]),
        ([Run(255, 2)], [(0, 2)]),
        ([Run(0, 1), Run(255, 1)], [(0, 1)]),
        ([Run(0, 256), Run(256, 1)], [(0, 2)]),
        ([Run(0, 1), Run(511, 1)], [(0, 2)]),
        ([Run(0, 1), Run(512, 1)], [(0, 1), (2, 3)]),
        ([Run(0, 700), Run(300, 10)], [(0, 3)]),
    ],
)
def test_runs_that_overlap_or_touch_share_a_range(
    given_: list[Run], expected: list[tuple[int, int]]
) -> None:
    assert leaf_ranges(given_) == [LeafRange(*pair) for pair in expected]


def test_places_and_elements_agree() -> None:
    spec = TensorSpec((1, 2, 3, 5), DType.INT32)
    for row in range(6):
        for column in range(8):
            expected = Place(row, column) if column < 5 else None
            assert place_of(spec, element_at(spec, Place(row, column))) == expected
    assert place_of(spec, 63) is None
    for element in (-1, 64):
        with pytest.raises(EvidenceError, match="ElementOutOfRange"):
            place_of(spec, element)


def test_wide_windows_have_the_ranges_that_follow_from_their_shape() -> None:
    convolution, _, apart = wide().descriptors[:3]

    def ranges(descriptor: Descriptor) -> list[list[LeafRange]]:
        return [leaf_ranges(needed) for needed in runs_in_order(descriptor, Place(0, 0), [])]

    # Rows have 20 pixels of 32 bytes: taps 0 and 1 of rows 0 and 1 of the first image.
    assert ranges(convolution) == [[LeafRange(0, 1), LeafRange(2, 3)], [LeafRange(0, 2)]]
    # Pixels have 512 bytes: two leaves per tap, of which one is read.
    assert ranges(apart) == [[LeafRange(0, 1), LeafRange(2, 3), LeafRange(6, 7), LeafRange(8, 9)]]


@pytest.mark.parametrize("make", CASES.values(), ids=[o.name.lower() for o in Opcode])
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_outside_the_runs_changes_the_element(
    make: Callable[[], st.SearchStrategy[Case]], data: st.DataObject
) -> None:
    graph, inputs = data.draw(make())
    descriptor, spec = graph.descriptors[0], graph.outputs[0]
    row = data.draw(st.integers(0, spec.rows - 1))
    column = data.draw(st.integers(0, spec.shape[3] - 1))
    place = Place(row, column)
    read = operands(graph, 0, inputs, [])
    expected = value_at(evaluate(descriptor, read), place)

    changed = []
    needed = []
    specs = [input_spec(descriptor, position) for position in range(len(read))]
    whole = [
        Operand(spec, [(0, pack(array).tobytes())]) for spec, array in zip(specs, read, strict=True)
    ]
    for form, array, ranges in zip(
        specs, read, runs_in_order(descriptor, place, whole), strict=True
    ):
        stored = pack(array)
        other = pack((array ^ 0x55).astype(array.dtype))
        for run in ranges:
            other[run.start : run.start + run.size] = stored[run.start : run.start + run.size]
            needed.append(run)
        changed.append(unpack(other, form.shape, form.dtype))
    assert value_at(evaluate(descriptor, changed), place) == expected
    assert len(needed) <= most_runs(descriptor)
    assert sum(run.size for run in needed) <= MAX_OPERAND_BYTES

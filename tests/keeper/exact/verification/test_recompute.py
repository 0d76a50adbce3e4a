"""Recomputation by blocks of rows finds what recomputation of the whole output finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.exact.verification import recompute
from keeper.exact.verification.recompute import first_difference
from kernels.exact import operators
from kernels.graph import Opcode
from kernels.graph.reference import execute, operands
from tests.kernels.cases import CASES

BY_ROWS = [opcode for opcode, operator in operators().items() if operator.rowwise_inputs]


@pytest.mark.parametrize("opcode", BY_ROWS, ids=lambda opcode: opcode.name.lower())
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_one_row_at_a_time_gives_the_whole_output(opcode: Opcode, data: st.DataObject) -> None:
    graph, inputs = data.draw(CASES[opcode]())
    outputs = execute(graph, inputs)
    number = len(outputs) - 1
    descriptor, right = graph.descriptors[number], outputs[number]
    reads = operands(graph, number, inputs, outputs)
    wrong = right.copy()
    element = data.draw(st.integers(0, right.size - 1))
    wrong.reshape(-1)[element] ^= 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recompute, "BLOCK", 1)
        assert first_difference(descriptor, reads, right) is None
        assert first_difference(descriptor, reads, wrong) == element

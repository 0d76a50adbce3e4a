"""The Python referee upholds honest traces, convicts lies and refuses any other bytes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernels.evidence import EvidenceError, Judgement, Reason, Witness, judge, leaf_space, place_of
from kernels.graph import GraphBuilder, Opcode
from kernels.trace import DType, tensor_root
from tests.kernels.cases import CASES, Case
from tests.kernels.evidence.committed import Committed, positions
from tests.kernels.evidence.record import commitment, inputs_of, unprovable
from tests.kernels.graphs import every_operator

few = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
opcodes = pytest.mark.parametrize("make", CASES.values(), ids=[o.name.lower() for o in Opcode])


@opcodes
@few
@given(data=st.data())
def test_every_element_of_an_honest_trace_stands(
    make: Callable[[], st.SearchStrategy[Case]], data: st.DataObject
) -> None:
    graph, inputs = data.draw(make())
    committed = Committed(graph, inputs, [(0, 1)])
    spec = graph.outputs[0]
    drawn = data.draw(st.lists(st.integers(0, leaf_space(spec) - 1), max_size=4))
    for element in {*positions(spec).values(), *drawn}:
        judgement = judge(committed.witness.claim(0, element), committed.witness.stage(0, element))
        value = committed.expected(0, element)
        assert judgement == Judgement(value, value, 0)
        assert not judgement.is_fraud


@opcodes
@few
@given(data=st.data())
def test_every_lie_is_fraud(
    make: Callable[[], st.SearchStrategy[Case]], data: st.DataObject
) -> None:
    graph, inputs = data.draw(make())
    spec = graph.outputs[0]
    element = data.draw(
        st.sampled_from(sorted(positions(spec).values())) | st.integers(0, leaf_space(spec) - 1)
    )
    committed = Committed(graph, inputs, [(0, 1)], {0: [element]})
    judgement = judge(committed.witness.claim(0, element), committed.witness.stage(0, element))
    value = committed.expected(0, element)
    assert judgement == Judgement(value, committed.committed(0, element), 0)
    assert judgement.is_fraud


@opcodes
@few
@given(data=st.data())
def test_no_changed_evidence_is_judged(
    make: Callable[[], st.SearchStrategy[Case]], data: st.DataObject
) -> None:
    graph, inputs = data.draw(make())
    element = data.draw(st.integers(0, leaf_space(graph.outputs[0]) - 1))
    committed = Committed(graph, inputs, [(0, 1)])
    claim, evidence = committed.witness.claim(0, element), committed.witness.stage(0, element)
    at = data.draw(st.integers(0, len(evidence) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    changed = evidence[:at] + bytes([evidence[at] ^ bit]) + evidence[at + 1 :]
    with pytest.raises(EvidenceError):
        judge(claim, changed)
    for length in (evidence[:at], evidence + b"\0"):
        with pytest.raises(EvidenceError) as caught:
            judge(claim, length)
        assert caught.value.reason is Reason.WRONG_LENGTH


def test_a_lie_does_not_touch_the_operators_after_it() -> None:
    committed = commitment("every operator")
    for operator, spec in enumerate(committed.graph.outputs):
        for kind, element in positions(spec).items():
            judgement = judge(
                committed.witness.claim(operator, element),
                committed.witness.stage(operator, element),
            )
            lied = committed.expected(operator, element) != committed.committed(operator, element)
            assert judgement.is_fraud is lied, (operator, kind)


def test_evidence_is_bound_to_job_stage_and_place() -> None:
    committed = commitment("every operator")
    claim, evidence = committed.witness.claim(4, 0), committed.witness.stage(4, 0)
    first, source, own = claim.stages
    wrong_source, wrong_own = replace(source, root=bytes(32)), replace(own, root=bytes(32))
    refusals = [
        (replace(claim, operator=12), Reason.UNKNOWN_OPERATOR, None),
        (replace(claim, element=512), Reason.ELEMENT_OUT_OF_RANGE, None),
        (replace(claim, spec_root=bytes(32)), Reason.WRONG_DESCRIPTOR, None),
        (replace(claim, operator=3), Reason.WRONG_DESCRIPTOR, None),
        (replace(claim, stages=(first, source, wrong_own)), Reason.WRONG_OUTPUT, None),
        (replace(claim, stages=(first, wrong_source, own)), Reason.WRONG_OPERAND, 0),
        (replace(claim, stages=(first, source)), Reason.NOT_COMMITTED, None),
        (replace(claim, stages=(first, own)), Reason.NOT_COMMITTED, None),
        (replace(claim, element=256), Reason.WRONG_OUTPUT, None),
    ]
    for changed, reason, slot in refusals:
        with pytest.raises(EvidenceError) as caught:
            judge(changed, evidence)
        assert (caught.value.reason, caught.value.slot) == (reason, slot)


def test_a_tensor_of_another_job_is_refused() -> None:
    committed = commitment("every operator")
    claim = replace(committed.witness.claim(0, 0), inputs_root=bytes(32))
    with pytest.raises(EvidenceError) as caught:
        judge(claim, committed.witness.stage(0, 0))
    assert (caught.value.reason, caught.value.slot) == (Reason.WRONG_OPERAND, 0)


@pytest.mark.parametrize("table", [(0, 7), (-1, 7), (7, 0), (7, 63), (7, -1)])
def test_a_table_out_of_range_proves_nothing(table: tuple[int, int]) -> None:
    with pytest.raises(EvidenceError) as caught:
        judge(*unprovable(*table))
    assert caught.value.reason is Reason.UNPROVABLE


def test_a_witness_stages_no_more_than_was_committed() -> None:
    graph = every_operator()
    outputs = Committed(graph, inputs_of(graph), []).outputs
    partial = Witness(graph, inputs_of(graph), outputs[:4], [(0, 4)])
    assert judge(partial.claim(3, 0), partial.stage(3, 0)).stage == 0
    for operator, element, reason in [
        (4, 0, Reason.NOT_COMMITTED),
        (12, 0, Reason.UNKNOWN_OPERATOR),
        (-1, 0, Reason.UNKNOWN_OPERATOR),
        (3, 512, Reason.ELEMENT_OUT_OF_RANGE),
        (3, -1, Reason.ELEMENT_OUT_OF_RANGE),
    ]:
        with pytest.raises(EvidenceError) as caught:
            partial.stage(operator, element)
        assert caught.value.reason is reason


def test_a_witness_refuses_data_of_another_size() -> None:
    build = GraphBuilder()
    build.relu(build.input((3, 200)))
    for stored in (bytes(767), bytes(1025)):
        witness = Witness(build.build(), [np.zeros((1, 1, 3, 200), np.int8)], [stored], [(0, 1)])
        with pytest.raises(EvidenceError) as caught:
            witness.stage(0, 0)
        assert caught.value.reason is Reason.WRONG_LENGTH


def test_known_roots_save_the_tensors_that_are_not_read() -> None:
    committed = commitment("every operator")
    roots = [tensor_root(np.frombuffer(stored, np.int8)) for stored in committed.outputs]
    sparse = [b"" if index not in (3, 4) else data for index, data in enumerate(committed.outputs)]
    stages = [(0, 3), (3, 4), (4, 12)]
    inputs = inputs_of(committed.graph)
    witness = Witness(committed.graph, inputs, sparse, stages, roots)
    assert witness.claim(4, 7) == committed.witness.claim(4, 7)
    assert witness.stage(4, 7) == committed.witness.stage(4, 7)


def test_padding_needs_no_operand() -> None:
    build = GraphBuilder()
    build.matmul(build.input((2, 4096)), build.input((3, 4096)))
    graph = build.build()
    arrays = [np.ones(spec.shape, np.int8) for spec in graph.inputs]
    witness = Committed(graph, arrays, [(0, 1)]).witness
    spec = graph.outputs[0]
    assert spec.dtype is DType.INT32
    assert place_of(spec, 3) is None
    assert len(witness.stage(0, 3)) == 512
    assert len(witness.stage(0, 2)) == 512 + 2 * 4096 + (1 + 2) * 32 + 2 * 32

"""A receipt judged again: the same evidence, the same verdict, and every way to differ."""

import hashlib
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from keeper.exact.decisions.state import Stage
from keeper.exact.disputes.committed_trace import CommittedTrace, claim_of
from keeper.exact.disputes.receipt import judge_again
from kernels.evidence import EvidenceError, Reason, judge
from kernels.graph import Graph
from neurolov_client import verdict
from tests.kernels.evidence.committed import Committed
from tests.kernels.evidence.record import inputs_of
from tests.kernels.graphs import every_operator

STAGES = ((0, 3), (3, 4), (4, 12))
OPERATOR, ELEMENT = 4, 5
NOBODY = Pubkey.default()


def lying() -> Committed:
    graph = every_operator()
    return Committed(graph, inputs_of(graph), STAGES, {OPERATOR: {ELEMENT}})


def stored(committed: Committed) -> list[bytes]:
    """What a provider serves: the canonical bytes."""
    specs = committed.graph.outputs
    return [data[: spec.stored_bytes] for data, spec in zip(committed.outputs, specs, strict=True)]


def case_of(committed: Committed, outputs: list[bytes] | None = None) -> CommittedTrace:
    graph: Graph = committed.graph
    known = committed.witness.claim(0, 0)
    stages = [Stage(NOBODY, each.root, each.first, each.last) for each in known.stages]
    claim = claim_of(known.spec_root, known.operators, (known.inputs_root, known.inputs), stages)
    return CommittedTrace(graph, inputs_of(graph), outputs or stored(committed), claim)


def receipt_of(committed: Committed, operator: int = OPERATOR) -> verdict.Receipt:
    """As the chain writes it."""
    evidence = committed.witness.stage(operator, ELEMENT)
    found = judge(committed.witness.claim(operator, ELEMENT), evidence)
    return verdict.Receipt(
        job=NOBODY,
        graph=NOBODY,
        input_root=bytes(32),
        provider=NOBODY,
        stage_root=bytes(32),
        challenger=NOBODY,
        evidence=hashlib.sha256(evidence).digest(),
        slot=7,
        slashed=0,
        burned=0,
        bounty=0,
        operator=operator,
        element=ELEMENT,
        expected=found.expected,
        committed=found.committed,
        stage=found.stage,
        bump=255,
        reason=verdict.Reason.WRONG_ELEMENT,
        trap=0,
    )


def test_a_receipt_is_confirmed_from_the_data_alone() -> None:
    committed = lying()
    found = judge_again(case_of(committed), receipt_of(committed))
    assert found.agrees
    assert found.differences == ()
    assert found.expected == committed.expected(OPERATOR, ELEMENT)
    assert found.committed == committed.committed(OPERATOR, ELEMENT) == (found.expected or 0) ^ 1
    assert found.stage == 2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("evidence", bytes(32), "evidence is "),
        ("expected", 10**6, "expected value is "),
        ("committed", 10**6, "committed value is "),
        ("stage", 1, "stage is 2, the receipt has 1"),
    ],
)
def test_whatever_differs_is_named(field: str, value: object, words: str) -> None:
    committed = lying()
    forged = replace(receipt_of(committed), **{field: value})  # type: ignore[arg-type]
    found = judge_again(case_of(committed), forged)
    assert not found.agrees
    (difference,) = found.differences
    assert difference.startswith(words)


def test_data_that_were_not_committed_cannot_be_judged() -> None:
    committed = lying()
    outputs = stored(committed)
    outputs[OPERATOR] = bytes([outputs[OPERATOR][0] ^ 1]) + outputs[OPERATOR][1:]
    found = judge_again(case_of(committed, outputs), receipt_of(committed))
    assert not found.agrees
    assert found.expected is None
    assert "WrongOutput" in found.differences[0]


def test_an_element_that_is_right_is_judged_right() -> None:
    committed = lying()
    assert not case_of(committed).judge(OPERATOR, ELEMENT + 1).is_fraud


def test_a_place_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(EvidenceError) as refused:
        case_of(lying()).evidence(99, 0)
    assert refused.value.reason is Reason.UNKNOWN_OPERATOR

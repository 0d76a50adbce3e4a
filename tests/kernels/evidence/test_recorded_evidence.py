"""The recorded evidence that the referee on chain is tested against."""

import json
from typing import Any

import pytest

from kernels.evidence import Claim, EvidenceError, Judgement, Reason, Stage, judge
from kernels.graph import DESCRIPTOR_BYTES, Descriptor, Opcode
from tests.kernels.evidence.record import RECORDED, text

FILE: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))


def claim_of(claim: dict[str, Any], case: dict[str, Any]) -> Claim:
    return Claim(
        spec_root=bytes.fromhex(claim["spec_root"]),
        operators=claim["operators"],
        inputs_root=bytes.fromhex(claim["inputs_root"]),
        inputs=claim["inputs"],
        stages=tuple(
            Stage(first, last, bytes.fromhex(root)) for first, last, root in claim["stages"]
        ),
        operator=case["operator"],
        element=case["element"],
    )


def test_recording_again_gives_the_same_file() -> None:
    assert text() == RECORDED.read_text(encoding="utf-8")


def test_every_opcode_is_recorded() -> None:
    recorded = {
        Descriptor.decode(bytes.fromhex(case["evidence"])[:DESCRIPTOR_BYTES]).opcode
        for job in FILE["jobs"]
        for case in job["cases"]
    }
    assert recorded == set(Opcode)


@pytest.mark.parametrize("job", FILE["jobs"], ids=lambda job: job["name"])
def test_recorded_elements_are_judged_as_recorded(job: dict[str, Any]) -> None:
    for case in job["cases"]:
        judgement = judge(claim_of(job["claim"], case), bytes.fromhex(case["evidence"]))
        assert judgement == Judgement(case["expected"], case["committed"], case["stage"])


@pytest.mark.parametrize("table", FILE["unprovable"])
def test_recorded_tables_prove_nothing(table: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError) as caught:
        judge(claim_of(table["claim"], table), bytes.fromhex(table["evidence"]))
    assert caught.value.reason is Reason.UNPROVABLE

"""The recorded vectors that the validator on chain is tested against."""

import json
from typing import Any

import pytest

from kernels.exact import check
from kernels.graph import Descriptor, GraphError, Opcode, check_graph
from kernels.trace import SPEC, TENSOR, Opening
from tests.kernels.record import RECORDED, vectors

FILE: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))


def test_recording_again_gives_the_same_file() -> None:
    assert json.dumps(vectors(), indent=1) + "\n" == RECORDED.read_text(encoding="utf-8")


def test_every_opcode_is_recorded() -> None:
    recorded = {Descriptor.decode(bytes.fromhex(case["hex"])).opcode for case in FILE["valid"]}
    assert recorded == set(Opcode)


@pytest.mark.parametrize("case", FILE["valid"], ids=lambda case: case["name"])
def test_valid_descriptor_round_trips(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    descriptor = Descriptor.decode(data)
    check(descriptor)
    assert descriptor.encode() == data
    assert descriptor.multiply_adds == case["multiply_adds"]
    assert SPEC.leaf(data).hex() == case["leaf"]


@pytest.mark.parametrize("case", FILE["invalid"], ids=lambda case: case["name"])
def test_invalid_descriptor_is_refused_by_name(case: dict[str, Any]) -> None:
    with pytest.raises(GraphError) as caught:
        check(Descriptor.decode(bytes.fromhex(case["hex"])))
    assert caught.value.reason == case["reason"]


@pytest.mark.parametrize("case", FILE["invalid_graphs"], ids=lambda case: case["name"])
def test_valid_descriptors_that_do_not_fit_are_refused(case: dict[str, Any]) -> None:
    descriptors = [Descriptor.decode(bytes.fromhex(item)) for item in case["descriptors"]]
    for descriptor in descriptors:
        check(descriptor)
    with pytest.raises(GraphError) as caught:
        check_graph(descriptors)
    assert caught.value.reason == case["reason"]


@pytest.mark.parametrize("case", FILE["openings"], ids=lambda case: f"leaf {case['leaf']}")
def test_opening_verifies_only_at_its_own_place(case: dict[str, Any]) -> None:
    root = bytes.fromhex(FILE["tensors"][case["tensor"]]["root"])
    path = tuple(bytes.fromhex(item) for item in case["path"])
    data = bytes.fromhex(case["data"])
    assert Opening(case["leaf"], data, path).verify(TENSOR, root, len(path))
    assert not Opening(case["leaf"] ^ 8, data, path).verify(TENSOR, root, len(path))

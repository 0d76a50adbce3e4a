"""Localnet answers in the shapes of a validator, but for what its README lists.

A validator runs where solana-test-validator is on PATH. Elsewhere localnet is compared with what
one answered once, in recorded.json, which is written anew by

    RECORD_SHAPES=1 .venv/bin/python -m pytest tests/keeper/lab/localnet/conformance
"""

import fcntl
import os
import re
from pathlib import Path
from typing import Any, Final

import pytest

from keeper.lab import localnet
from tests.validator import process

from .asking import shapes
from .calls import NOTIFICATIONS, QUESTIONS, SUBSCRIPTIONS
from .served import localnet_scene
from .validator import record, recorded, validator_scene

CALLS: Final = (*QUESTIONS, *SUBSCRIPTIONS, *NOTIFICATIONS)
README: Final = Path(localnet.__file__).with_name("README.md")
OF_ITS_AGE: Final = "getHighestSnapshotSlot: plain"
"""A validator has no snapshot at first, like localnet."""

Shapes = dict[str, Any]


@pytest.fixture(scope="module")
def local() -> Shapes:
    with localnet_scene() as scene:
        return shapes(scene)


@pytest.fixture(scope="module")
def validator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shapes:
    if not process.installed():
        pytest.skip(f"{process.BINARY} is not on PATH")
    xprocess = request.getfixturevalue("xprocess")
    # The workers of a parallel run share this folder. A validator alone keeps two cores busy.
    with (tmp_path_factory.getbasetemp().parent / "validator.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with validator_scene(xprocess, tmp_path_factory.mktemp("ledger")) as scene:
            found = shapes(scene)
    if os.environ.get("RECORD_SHAPES"):
        record({**found, OF_ITS_AGE: recorded()[OF_ITS_AGE]})
    return found


def listed() -> set[str]:
    """The calls that localnet's README lists as different."""
    return set(re.findall(r"^\| `(\w+: [^`]+)` \|", README.read_text(), re.MULTILINE))


def different(one: Shapes, other: Shapes) -> Shapes:
    """The calls whose answers differ in shape, with both."""
    assert one.keys() == other.keys()
    return {label: (one[label], other[label]) for label in one if one[label] != other[label]}


def test_calls_are_told_apart() -> None:
    assert len({call.label for call in CALLS}) == len(CALLS)
    assert recorded().keys() == {call.label for call in CALLS}


def test_few_calls_differ() -> None:
    assert len(CALLS) >= 84
    assert listed() <= {call.label for call in CALLS}
    assert len(listed()) * 84 <= 4 * len(CALLS)


def test_localnet_answers_like_the_recorded_validator(local: Shapes) -> None:
    found = different(local, recorded())
    unlisted = {label: both for label, both in found.items() if label not in listed()}
    assert unlisted == {}
    assert found.keys() == listed()


def test_localnet_answers_like_a_validator(local: Shapes, validator: Shapes) -> None:
    found = different(local, validator)
    assert found.keys() - {OF_ITS_AGE} == listed()


def test_record_is_what_a_validator_answers(validator: Shapes) -> None:
    assert different(recorded(), validator).keys() <= {OF_ITS_AGE}

"""The main job as a user runs it, on a ticking localnet of its own."""

import json
from typing import Any

import pytest

from keeper.cli.app import run

KEYS = {
    "accuracy",
    "balances_conserved",
    "bit_exact",
    "slots",
    "verdict",
    "verify_ratio_macs",
    "verify_ratio_seconds",
}


def played(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert run(["demo", "--json", "--executor", "numpy", *options]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document.keys() >= KEYS
    assert document["failures"] == []
    assert document["balances_conserved"] is True
    return document


def test_the_main_job_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    document = played(capsys)
    assert document["verdict"] == "accepted"
    assert document["accuracy"] >= 0.96
    assert document["bit_exact"] is True
    assert 0 < document["verify_ratio_macs"] <= 0.10


def test_a_cheat_is_proven_and_slashed(capsys: pytest.CaptureFixture[str]) -> None:
    document = played(capsys, "--cheat", "zero")
    assert document["verdict"] == "fraud"
    assert document["proof"]["slashed"] > document["proof"]["burned"] > 0
    assert document["proof"]["bounty"] > 0
    assert document["bit_exact"] is False

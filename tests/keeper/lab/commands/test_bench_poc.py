import json

import pytest

from keeper.cli.app import run
from keeper.lab.bench import proof
from keeper.lab.bench.referee import DisputeCost

SMALL = ["bench", "poc", "--json", "--size", "64", "--runs", "1", "--corruptions", "40"]


def test_every_figure_is_reported_and_every_corruption_caught(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = run(SMALL)
    document = json.loads(capsys.readouterr().out)
    assert document["detection"] == {"corruptions": 40, "caught": 40, "folded": 4}
    assert set(document["freivalds_ratio_by_size"]) == {"64", "128"}
    assert document["freivalds_ratio"] == document["freivalds_ratio_by_size"]["64"]
    assert min(document[key] for key in ("verify_ratio", "commit_overhead")) > 0
    assert document["referee_cu"]["1024"] <= 60_000
    assert document["referee_cu"]["4096"] <= 120_000
    assert document["dispute_transactions"] <= 12
    assert status in (0, 1)


def test_missed_corruption_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missed = {"corruptions": 40, "caught": 39, "folded": 4}
    monkeypatch.setattr(proof, "detection", lambda corruptions, _: missed)
    assert run(SMALL) == 1
    assert json.loads(capsys.readouterr().out)["detection"]["caught"] == 39


def test_dispute_of_too_many_transactions_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proof, "dispute_cost", lambda terms: DisputeCost(50_000, 13))
    assert run(SMALL) == 1
    assert json.loads(capsys.readouterr().out)["dispute_transactions"] == 13


def test_bad_size_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "poc", "--size", "63"]) == 2
    assert capsys.readouterr().out == ""

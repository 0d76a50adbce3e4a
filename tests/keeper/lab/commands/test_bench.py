import json
from dataclasses import replace

import pytest

from keeper.cli.app import run
from keeper.lab.bench import baseline, units
from keeper.lab.bench.scenario import Figures
from keeper.lab.commands.bench import programs
from neurolov_client import PROGRAMS

FIGURES = Figures(
    {"job_registry.claim": units.Measured("job_registry.claim", 14_000, True)},
    {"job_registry.claim": units.Span(13_501, 14_000)},
    {"job_registry.claim": 14_000},
    {"verdict.cast_ballot": 13_000},
)


def test_every_instruction_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    status = run(["bench", "programs", "--json"])
    document = json.loads(capsys.readouterr().out)
    names = {
        f"{program}.{name}" for program, module in PROGRAMS.items() for name in module.INSTRUCTIONS
    }
    for figures in ("instructions", "cheapest", "changes"):
        assert set(document[figures]) == names
    assert all(least <= document["instructions"][n] for n, least in document["cheapest"].items())
    assert set(document["before"]["instructions"]) < names
    assert document["lifecycle"] == sum(document["lifecycle_parts"].values())
    assert document["ballot"] == sum(document["ballot_parts"].values())
    assert len(document["lifecycle_parts"]) == 11
    assert list(document["ballot_parts"]) == ["verdict.cast_ballot", "verdict.reveal_ballot"]
    assert document["lifecycle"] <= document["limits"]["lifecycle"] == 130_000
    assert document["ballot"] <= document["limits"]["ballot"] == 20_000
    most = {"claim": 1_500, "join": 1_500, "cast_ballot": 1_500, "post_job": 300, "draw": 300}
    more = document["limits"]["more"]
    assert {name.partition(".")[2]: limit for name, limit in more.items()} == most
    for name, limit in more.items():
        assert document["changes"][name] <= limit
    assert status == 0


def test_a_dearer_instruction_than_allowed_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = baseline.baseline()
    cheap = {**known.instructions, "job_registry.claim": units.Span(12_000, 12_000)}
    monkeypatch.setattr(programs, "baseline", lambda: replace(known, instructions=cheap))
    monkeypatch.setattr(programs, "run_scenario", lambda: FIGURES)
    assert run(["bench", "programs"]) == 1
    line = next(each for each in capsys.readouterr().out.splitlines() if "registry.claim" in each)
    assert line.split() == [
        *("14,000", "12,000", "13,501", "12,000", "+1,501", "job_registry.claim"),
        *("(1", "over", "its", "limit)"),
    ]


def test_as_many_units_more_as_allowed_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = baseline.baseline()
    cheap = {**known.instructions, "job_registry.claim": units.Span(12_001, 12_001)}
    monkeypatch.setattr(programs, "baseline", lambda: replace(known, instructions=cheap))
    monkeypatch.setattr(programs, "run_scenario", lambda: FIGURES)
    assert run(["bench", "programs"]) == 0
    assert "over its limit" not in capsys.readouterr().out


def test_equal_runs_measure_equal_units(capsys: pytest.CaptureFixture[str]) -> None:
    documents = []
    for _ in range(2):
        run(["bench", "programs", "--json"])
        documents.append(capsys.readouterr().out)
    assert documents[0] == documents[1]

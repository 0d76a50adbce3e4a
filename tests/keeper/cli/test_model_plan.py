import json
from pathlib import Path
from typing import Any

import pytest

from keeper.cli.app import BAD_INPUT, run
from kernels.graph import write
from tests.keeper.training.plan.clusters import chain


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "chain.graph"
    write(chain([200, 200, 40]), found)
    return found


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["model", "plan", *arguments, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_three_ways_each_with_its_prediction(
    capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    document = planned(capsys, str(path), "--nodes", "2e6,1e6/1e9", "--latency", "0")
    assert document["nodes"][1] == {"name": "node 1", "throughput": 1e6, "memory": 10**9}
    assert document["plans"]["data"]["examples"] == [4, 2]
    assert sum(document["plans"]["model"]["columns"][0]) == 200
    assert document["plans"]["pipeline"]["stages"][-1]["last"] == 4
    for found in document["plans"].values():
        model = found["predicted"]
        expected = model["N"] * model["G"] * model["E"] / (1 + model["L"] / model["C"])
        assert model["P"] == pytest.approx(expected)
        assert found["seconds"] == pytest.approx(document["multiply_adds"] / expected)
    assert document["measured"] is None


def test_a_pipeline_is_run_beside_its_prediction(
    capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    measured = planned(capsys, str(path), "--measure")["measured"]
    assert measured["pipeline"] > 0.0
    assert measured["speedup"] == pytest.approx(measured["pipeline"] / measured["alone"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "give either --nodes or --measure"),
        (("--nodes", "1e6", "--measure"), "give either --nodes or --measure"),
        (("--nodes", "fast"), "'fast' is not a node such as 5e9 or 5e9/8e9"),
        (("--nodes", "0"), "every node's throughput is above 0"),
        (("--nodes", "1e6/100"), "memory"),
        (("--nodes", "1e6", "--bandwidth", "0"), "a bandwidth above 0"),
    ],
)
def test_bad_input_is_one_clear_error(
    capsys: pytest.CaptureFixture[str], path: Path, options: tuple[str, ...], told: str
) -> None:
    assert run(["model", "plan", str(path), *options]) == BAD_INPUT
    found = capsys.readouterr()
    assert told in found.err
    assert found.out == ""


def test_what_is_no_graph_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "none.graph"
    path.write_bytes(b"nothing")
    assert run(["model", "plan", str(path), "--nodes", "1e6"]) == BAD_INPUT
    assert "is not a valid graph" in capsys.readouterr().err

"""The node tests of the ONNX package: a sample runs here, all of them in `neurolov bench onnx`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from keeper.cli.app import run
from keeper.lab.bench.onnx_nodes import node_cases, run_nodes
from kernels.onnx.tolerant import TolerantRunner
from tests.kernels.onnx.models import floats, model

RECORDED = Path(__file__).parents[3] / "recorded" / "onnx_nodes.json"
# One of so many runs here; the offset is arbitrary, and prime so that no family is left out.
EVERY = 13


@pytest.fixture(scope="module")
def runner() -> TolerantRunner:
    """The machine's first adapter."""
    return TolerantRunner()


class Case:
    """As the package's own cases."""

    rtol, atol = 1e-3, 1e-7

    def __init__(self, name: str, content: onnx.ModelProto, given: Any, wanted: Any) -> None:
        self.name, self.model = name, content
        self.data_sets = [([given], [wanted])]


def relu(name: str, wanted: list[float]) -> Case:
    content = model([helper.make_node("Relu", ["x"], ["y"])], [floats("x", 2)], [floats("y", 2)])
    return Case(name, content, np.array([-1, 2], np.float32), np.array(wanted, np.float32))


def test_recorded_names_pass(runner: TolerantRunner) -> None:
    recorded = json.loads(RECORDED.read_text())
    assert len(recorded) >= 1750
    cases = {case.name: case for case in node_cases()}
    assert recorded == sorted(set(recorded) & cases.keys())
    sample = recorded[::EVERY]
    results = run_nodes(runner, [cases[name] for name in sample], lambda: None)
    assert results.failures == {}
    assert results.passed == sample


def test_a_wrong_result_fails_and_an_unknown_operator_does_not(runner: TolerantRunner) -> None:
    port = helper.make_tensor_value_info("x", onnx.TensorProto.UINT8, [2])
    content = model([helper.make_node("ImageDecoder", ["x"], ["y"])], [port], [])
    content.graph.output.append(helper.make_tensor_value_info("y", onnx.TensorProto.UINT8, None))
    zeros = np.zeros(2, np.uint8)
    cases = [relu("right", [0, 2]), relu("wrong", [0, 2.01]), Case("n", content, zeros, zeros)]
    results = run_nodes(runner, cases, lambda: None)
    assert (results.passed, results.failed) == (["right"], ["wrong"])
    assert "Not equal to tolerance" in results.failures["wrong"]
    assert results.unsupported == ["n"]
    assert sum(results.reasons.values()) == 1


def test_bench_onnx_tells_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "onnx", "--only", "test_add*", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["failed"] == []
    assert "test_add" in document["passed"]
    assert document["counts"]["passed"] == len(document["passed"])


def test_bench_onnx_refuses_a_pattern_that_matches_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["bench", "onnx", "--only", "no_such*"]) == 2
    assert capsys.readouterr().out == ""

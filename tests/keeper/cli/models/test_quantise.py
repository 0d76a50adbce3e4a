"""`neurolov model quantise` as a user runs it."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.cli.models.described import read_interface
from kernels.graph.file import read
from kernels.graph.reference import execute
from tests.kernels.onnx.digits import images, network, samples
from tests.kernels.onnx.exact.quantised import Draft
from tests.kernels.onnx.quantisation.cases import normal, parsed
from tests.kernels.onnx.quantisation.test_report import STEEP

BAD_INPUT = 2


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "digits.onnx"
    onnx.save(network(), path)
    return path


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    path = tmp_path / "samples.npz"
    np.savez(path, x=samples())
    return path


def test_a_float_model_becomes_a_graph_and_its_description(
    model: Path, calibration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = model.with_suffix(".graph")
    arguments = ["model", "quantise", str(model), "--calibration", str(calibration)]
    assert run([*arguments, "-o", str(graph), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found, interface = read(graph), read_interface(graph)
    assert document["spec_root"] == found.spec_root.hex()
    assert document["operators"] == len(found.descriptors)
    x, labels = images()
    result = interface.decode(execute(found, interface.encode({"x": x}))[-1])
    assert np.mean(result.argmax(axis=1) == labels) >= 0.9
    accuracy = document["accuracy"]
    (output,) = accuracy["outputs"]
    assert output["name"] == "scores"
    assert output["snr_db"] > 35
    assert output["error_vs_ort_int8"] <= 1.5
    assert accuracy["faults"] == []
    assert accuracy["split"] == {"held_back": 0, "of": 4}
    assert document["refused"] is False
    cost = document["cost"]
    assert cost["multiply_adds"] == document["multiply_adds"]
    assert cost["trace_bytes"] == sum(spec.stored_bytes for spec in found.outputs)
    assert cost["price"] == 10 * NLOV * cost["multiply_adds"] // 2**30
    assert cost["assumed"] == {"ask": 10 * NLOV, "multiply_adds_per_second": 10**9}


@pytest.fixture
def steep(tmp_path: Path) -> list[str]:
    """The arguments of a model whose exact graph is far off, and what calibrates it."""
    onnx.save(STEEP, tmp_path / "steep.onnx")
    np.savez(tmp_path / "steep.npz", x=normal(40, 4))
    model, samples, graph = (str(tmp_path / f"steep.{each}") for each in ("onnx", "npz", "graph"))
    return ["model", "quantise", model, "--calibration", samples, "-o", graph]


def test_the_cost_is_told_before_and_the_accuracy_after(
    steep: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(steep) == 1
    told = capsys.readouterr()
    words = " ".join(told.err.split())
    assert words.index("multiply-adds, ") < words.index("samples: 40, of which every fifth (8)")
    assert "if a provider asks 10 NLOV per 2^30 multiply-adds" in words
    assert "error: output 'y' has an error of " in words
    assert "the error enters at Sin 'y': " in words
    assert words.endswith("nothing is written; --accept writes the graph as it is")
    assert told.out.startswith("y: signal-to-noise ratio ")
    assert "onnxruntime's int8" in told.out
    assert sorted(each.name for each in tmp_path.iterdir()) == ["steep.npz", "steep.onnx"]


def test_a_graph_that_is_too_far_is_written_if_it_is_accepted(
    steep: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*steep, "--json"]) == 1
    refused = json.loads(capsys.readouterr().out)
    assert refused["refused"] is True
    assert refused["accuracy"]["origin"]["operator"] == "Sin 'y'"
    assert len(refused["accuracy"]["faults"]) == 1
    assert not (tmp_path / "steep.graph").exists()
    assert run([*steep, "--accept", "--json"]) == 0
    told = capsys.readouterr()
    accepted = json.loads(told.out)
    assert accepted == refused | {"refused": False}
    assert "warning: output 'y' has an error of " in told.err
    assert read(tmp_path / "steep.graph").spec_root.hex() == accepted["spec_root"]


def test_a_shape_holds_beside_a_calibration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = tmp_path / "open.graph"
    onnx.save(parsed("g (float[N,3] x) => (float[N,3] y) { y = Relu (x) }"), tmp_path / "open.onnx")
    np.savez(tmp_path / "open.npz", x=normal(8, 3))
    arguments = ["model", "quantise", str(tmp_path / "open.onnx"), "-o", str(graph)]
    arguments += ["--calibration", str(tmp_path / "open.npz")]
    assert run(arguments) == 0
    assert read_interface(graph).inputs[0].shape == (8, 3)
    assert run([*arguments, "--shape", "x=1,3"]) == 0
    assert read_interface(graph).inputs[0].shape == (1, 3)
    capsys.readouterr()
    assert run([*arguments, "--shape", "z=1,3"]) == BAD_INPUT
    assert "the model has no input z; its inputs are x" in capsys.readouterr().err


def test_a_quantised_model_is_compared_on_samples_or_on_random_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 4)), 0.1, 128)
    output = draft.node("MatMul", x, draft.weights(40 * normal(4, 3), np.array(0.02, np.float32)))
    onnx.save(draft.model(output, shape=(1, 3)), tmp_path / "q.onnx")
    np.savez(tmp_path / "x.npz", x=normal(3, 4))
    graph = ["-o", str(tmp_path / "q.graph"), "--json"]
    samples = str(tmp_path / "x.npz")
    for arguments, count in (
        (["quantise"], 8),
        (["quantise", "--calibration", samples], 3),
        (["import"], 8),
        (["import", "--inputs", samples], 3),
    ):
        assert run(["model", *arguments, str(tmp_path / "q.onnx"), *graph]) == 0
        accuracy = json.loads(capsys.readouterr().out)["accuracy"]
        assert accuracy["samples"] == count
        assert accuracy["outputs"][0]["snr_db"] > 100
        assert "onnxruntime running it" in accuracy["not_compared"]


def test_bad_input_is_one_error_and_leaves_nothing(
    model: Path, calibration: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph = tmp_path / "out.graph"
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, y=samples())
    torn = tmp_path / "torn.npz"
    torn.write_bytes(calibration.read_bytes()[:100])
    odd = tmp_path / "odd.onnx"
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 4)), 0.1, 128)
    output = draft.node("CumSum", x, draft.constant(np.array(1)))
    onnx.save(draft.model(output, shape=(1, 4)), odd)
    cases = [
        ([str(model), "--calibration", str(wrong)], "has no array x; it holds y"),
        ([str(model), "--calibration", str(torn)], "is not an .npz file of arrays"),
        ([str(model)], "input 'x': has no scale"),
        ([str(odd)], ": no exact form; leave it out of the exported graph"),
    ]
    before = sorted(tmp_path.iterdir())
    for arguments, message in cases:
        assert run(["model", "quantise", *arguments, "-o", str(graph)]) == BAD_INPUT
        told = capsys.readouterr()
        assert message in told.err
        assert told.out == ""
    assert sorted(tmp_path.iterdir()) == before

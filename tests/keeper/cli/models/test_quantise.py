"""`neurolov model quantise` as a user runs it."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from keeper.cli.app import run
from keeper.cli.models.described import read_interface
from kernels.graph.file import read
from kernels.graph.reference import execute
from tests.kernels.onnx.digits import images, network, samples
from tests.kernels.onnx.exact.quantised import Draft

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

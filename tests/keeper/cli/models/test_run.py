"""import, run and compare, of both classes."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from keeper.cli.app import run
from tests.kernels.onnx.models import chain, floats, model, write

X = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
WANTED = np.maximum(X @ np.full((4, 3), 0.5, np.float32), 0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the model and an input."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "m.onnx", chain())
    np.save(tmp_path / "x.npy", X)
    return tmp_path


def quantised() -> onnx.ModelProto:
    """y = dequantise(quantise(x) @ quantised w), [2, 4] by [4, 3]."""

    def constant(name: str, value: object, dtype: type) -> onnx.TensorProto:
        return numpy_helper.from_array(np.array(value, dtype), name)

    constants = [
        constant("s", 0.02, np.float32),
        constant("z", 0, np.int8),
        constant("q", np.arange(12).reshape(4, 3) - 6, np.int8),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["a"]),
        helper.make_node("DequantizeLinear", ["a", "s", "z"], ["b"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["w"]),
        helper.make_node("MatMul", ["b", "w"], ["p"]),
        helper.make_node("QuantizeLinear", ["p", "s", "z"], ["c"]),
        helper.make_node("DequantizeLinear", ["c", "s", "z"], ["y"]),
    ]
    return model(nodes, [floats("x", 2, 4)], [floats("y", 2, 3)], constants)


def test_run_writes_outputs_and_tells_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x.pb").write_bytes(numpy_helper.from_array(X).SerializeToString())
    np.savez(folder / "all.npz", x=X)
    for given in (["--input", "x=x.npy"], ["--input", "x=x.pb"], ["--inputs", "all.npz"]):
        assert run(["model", "run", "m.onnx", *given, "-o", "y.npz", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)["outputs"]["y"]
        assert (told["shape"], told["type"]) == ([2, 3], "float32")
        np.testing.assert_allclose(told["values"], WANTED.reshape(-1), atol=1e-6)
        with np.load(folder / "y.npz") as held:
            np.testing.assert_allclose(held["y"], WANTED, atol=1e-6)


def test_a_float_model_becomes_a_package(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["model", "import", "m.onnx", "-o", "m.package", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["class"] == "tolerant"
    assert "scale" in told["not_exact"]
    assert run(["model", "run", "m.package", "--input", "x=x.npy", "-o", "y.npz"]) == 0
    with np.load(folder / "y.npz") as held:
        np.testing.assert_allclose(held["y"], WANTED, atol=1e-6)


def test_a_quantised_model_becomes_an_exact_graph(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "q.onnx", quantised())
    assert run(["model", "import", "q.onnx", "-o", "q.graph", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["class"] == "exact"
    arguments = ["--with", "q.graph", "--input", "x=x.npy", "--json"]
    assert run(["model", "compare", "q.onnx", *arguments]) == 0
    (told,) = json.loads(capsys.readouterr().out)["outputs"]
    # At most one step of the output's scale.
    assert told["largest_difference"] <= 0.0201
    assert told["cosine"] > 0.99


def test_compare_draws_its_inputs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["m.onnx", "--samples", "3", "--limit", "1e-5", "--json"]
    assert run(["model", "compare", *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["samples"] == 3
    assert told["outputs"][0]["top1_agreement"] == 1
    assert run(["model", "compare", "m.onnx", "--limit", "-1"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "m.onnx"], "'x' is missing"),
        (["run", "m.onnx", "--input", "x=none.npy"], "holds no tensor"),
        (["run", "m.onnx", "--input", "x=m.onnx"], "holds no tensor"),
        (["run", "m.onnx", "--input", "x"], "NAME=FILE"),
        (["run", "none.onnx", "--input", "x=x.npy"], "No such file"),
        (["run", "m.onnx", "--inputs", "x.npy"], "not an .npz file"),
        (["import", "m.onnx", "-o", "out", "--class", "exact"], "no exact form"),
        (["import", "x.npy", "-o", "out"], "not a model"),
        (["compare", "m.onnx", "--input", "y=x.npy"], "no input 'y'"),
    ],
)
def test_bad_input_is_one_message_and_leaves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    before = sorted(folder.iterdir())
    assert run(["model", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert message in told.err
    assert sorted(folder.iterdir()) == before

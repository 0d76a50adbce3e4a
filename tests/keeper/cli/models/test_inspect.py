import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from keeper.cli.app import run
from tests.kernels.onnx.classical.pipelines import zipped
from tests.kernels.onnx.models import chain, floats, model, write


def test_inspect_tells_what_a_model_is_made_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "m.onnx", chain())
    assert run(["model", "inspect", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["operators"] == {"MatMul": 1, "Relu": 1}
    assert document["inputs"] == [{"name": "x", "type": "float", "shape": [2, 4]}]
    assert (document["parameters"], document["multiply_adds"]) == (12, 24)
    assert document["class"] == "exact"
    assert document["classes"]["exact"] == {
        "possible": True,
        "reason": None,
        "obstacles": [],
        "calibrated": True,
    }
    assert document["classes"]["tolerant"]["possible"] is True


def test_inspect_refuses_what_is_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"no model")
    assert run(["model", "inspect", str(path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "BadFile" in told.err


def inspected(
    path: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[dict[str, Any], str]:
    assert run(["model", "inspect", str(path), "--json", *options]) == 0
    told = capsys.readouterr()
    return json.loads(told.out), told.err


def obstructed() -> onnx.ModelProto:
    """Returns a model in which neither class can run three nodes, one behind the other."""
    nodes = [
        helper.make_node("Det", ["x"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"], "between"),
        helper.make_node("RandomNormalLike", ["b"], ["c"], "second"),
        helper.make_node("Add", ["b", "c"], ["d"], "sum"),
        helper.make_node("RandomUniformLike", ["d"], ["y"], "third"),
    ]
    return model(nodes, [floats("x", 6, 3, 3)], [floats("y", 6)])


def test_every_node_in_the_way_is_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, _ = inspected(write(tmp_path / "m.onnx", obstructed()), capsys)
    assert document["class"] == "none"
    exact = document["classes"]["exact"]
    assert exact["reason"] == ("3 nodes cannot be run: Det, RandomNormalLike, RandomUniformLike")
    assert [(each["node"], each["shape"]) for each in exact["obstacles"]] == [
        ("first", [6]),
        ("second", [6]),
        ("third", [6]),
    ]
    tolerant = document["classes"]["tolerant"]
    assert [each["node"] for each in tolerant["obstacles"]][-2:] == ["second", "third"]


def test_open_axes_need_a_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = [helper.make_node("MatMul", ["x", "x"], ["y"], "square")]
    path = write(
        tmp_path / "m.onnx", model(nodes, [floats("x", "n", "n")], [floats("y", "n", "n")])
    )
    document, _ = inspected(path, capsys)
    assert document["class"] is None
    assert "--shape x=?,?" in document["classes"]["exact"]["reason"]
    assert (document["multiply_adds"], document["unknown"]) == (0, ["square"])
    document, _ = inspected(path, capsys, "--shape", "x=4,4")
    assert (document["multiply_adds"], document["unknown"]) == (64, [])
    assert document["class"] == "exact"


def test_an_open_batch_counts_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = chain()
    content.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    content.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    document, _ = inspected(write(tmp_path / "m.onnx", content), capsys)
    assert document["assumed_shapes"] == {"x": [1, 4]}
    assert (document["multiply_adds"], document["class"]) == (12, "exact")


def test_a_shape_that_does_not_fit_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "m.onnx", chain())
    assert run(["model", "inspect", str(path), "--shape", "x=2,5"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "the shape 2,5 does not fit [2, 4]" in told.err


def test_constants_count_as_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = helper.make_tensor("value", TensorProto.FLOAT, [4, 3], [0.5] * 12)
    nodes = [
        helper.make_node("Constant", [], ["w"], "weights", value=weights),
        helper.make_node("Constant", [], ["b"], "bias", value_floats=[1.0, 2.0, 3.0]),
        helper.make_node("MatMul", ["x", "w"], ["p"], "product"),
        helper.make_node("Add", ["p", "b"], ["y"], "sum"),
    ]
    path = write(tmp_path / "m.onnx", model(nodes, [floats("x", 2, 4)], [floats("y", 2, 3)]))
    document, _ = inspected(path, capsys)
    assert (document["parameters"], document["multiply_adds"]) == (15, 24)


def test_dictionaries_give_way_to_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, told = inspected(write(tmp_path / "m.onnx", zipped(["ant", "bee", "cat"])), capsys)
    assert [port["name"] for port in document["outputs"]] == ["probabilities"]
    assert "note: output 'label' holds texts and is left out" in told
    assert document["class"] == "exact"


def scaled() -> onnx.ModelProto:
    """Returns a model with a rate beside its input, of which two branches depend."""
    nodes = [
        helper.make_node("Equal", ["rate", "sixteen"], ["fast"], "compare"),
        helper.make_node(
            "If", ["fast"], ["y"], "choose",
            then_branch=helper.make_graph(
                [helper.make_node("Relu", ["x"], ["then"], "fast")], "then", [], [floats("then", 4)]
            ),
            else_branch=helper.make_graph(
                [helper.make_node("Neg", ["x"], ["else"], "slow")], "else", [], [floats("else", 4)]
            ),
        ),
    ]  # fmt: skip
    rate = helper.make_tensor_value_info("rate", TensorProto.INT64, [1])
    weights = [helper.make_tensor("sixteen", TensorProto.INT64, [], [16])]
    return model(nodes, [floats("x", 4), rate], [floats("y", 4)], weights)


def test_a_constant_input_decides_a_branch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "m.onnx", scaled())
    document, _ = inspected(path, capsys)
    assert document["classes"]["exact"]["obstacles"][0]["node"] == "choose"
    document, _ = inspected(path, capsys, "--constant", "rate=16")
    assert [port["name"] for port in document["inputs"]] == ["x"]
    assert document["class"] == "exact"


@pytest.mark.parametrize(
    ("constant", "why"),
    [
        ("rat=16", "--constant: the model has no input rat"),
        ("rate=1.5", "--constant: input 'rate' is int64, which has no 1.5"),
        ("rate", "'rate' is not a constant such as sampling_rate=16000"),
    ],
)
def test_a_constant_that_no_input_takes_is_refused(
    constant: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "m.onnx", scaled())
    assert run(["model", "inspect", str(path), "--constant", constant]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert why in told.err


def test_a_graph_made_with_a_constant_is_compared_with_the_whole_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, graph = write(tmp_path / "m.onnx", scaled()), tmp_path / "m.graph"
    samples = tmp_path / "samples.npz"
    drawn = np.random.default_rng(0).uniform(-1, 1, 800).astype(np.float32)
    np.savez(samples, x=drawn)
    made = ["--calibration", str(samples), "-o", str(graph)]
    assert run(["model", "quantise", str(path), "--constant", "rate=16", *made, "--json"]) == 0
    assert [port["name"] for port in json.loads(capsys.readouterr().out)["inputs"]] == ["x"]
    one = tmp_path / "one.npy"
    np.save(one, np.array([-0.5, 0.25, 0.5, 1.0], np.float32))
    compared = ["model", "compare", str(path), "--with", str(graph), "--input", f"x={one}"]
    assert run([*compared, "--constant", "rate=16", "--limit", "0.02"]) == 0
    # The other branch is another function.
    assert run([*compared, "--constant", "rate=8", "--limit", "0.02"]) == 1

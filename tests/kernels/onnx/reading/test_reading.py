"""Valid models are read and summarised."""

from pathlib import Path

import numpy as np
from onnx import helper

from kernels.onnx.reading import Port, initialisers, read_model, summarise
from tests.kernels.onnx.models import chain, floats, model, write


def test_a_model_comes_back_with_its_constants(tmp_path: Path) -> None:
    found = read_model(write(tmp_path / "m.onnx", chain()))
    assert found == chain()
    assert np.array_equal(initialisers(found)["w"], np.full((4, 3), 0.5, np.float32))


def test_local_functions_are_inlined(tmp_path: Path) -> None:
    content = chain()
    content.opset_import.append(helper.make_opsetid("local", 1))
    body = [helper.make_node("Relu", ["a"], ["b"])]
    imports = [helper.make_opsetid("", 22)]
    content.functions.append(helper.make_function("local", "f", ["a"], ["b"], body, imports))
    content.graph.node[1].op_type, content.graph.node[1].domain = "f", "local"
    found = read_model(write(tmp_path / "m.onnx", content))
    assert [node.op_type for node in found.graph.node] == ["MatMul", "Relu"]
    assert not found.functions


def test_a_summary_counts_what_is_known() -> None:
    found = summarise(chain())
    assert found.inputs == (Port("x", "float", (2, 4)),)
    assert found.outputs == (Port("y", "float", (2, 3)),)
    assert found.operators == {"MatMul": 1, "Relu": 1}
    assert found.opset == {"ai.onnx": 22}
    assert (found.parameters, found.multiply_adds, found.unknown) == (12, 24, ())


def test_a_summary_names_what_has_no_fixed_shape() -> None:
    nodes = [helper.make_node("MatMul", ["x", "x"], ["y"], "square")]
    found = summarise(model(nodes, [floats("x", "n", "n")], [floats("y", "n", "n")]))
    assert (found.multiply_adds, found.unknown) == (0, ("square",))
    assert found.inputs[0].shape == ("n", "n")


def test_convolutions_count_by_their_window() -> None:
    nodes = [helper.make_node("Conv", ["x", "k"], ["y"], pads=[1, 1, 1, 1], group=2)]
    ports = [floats("x", 1, 4, 8, 8), floats("k", 6, 2, 3, 3)]
    assert summarise(model(nodes, ports, [floats("y", 1, 6, 8, 8)])).multiply_adds == 6 * 64 * 18

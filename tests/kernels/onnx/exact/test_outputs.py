"""Several inputs and outputs: each output names the operator that computes it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import (
    Interface,
    InterfaceError,
    Lowered,
    LoweringError,
    lower,
    read_network,
)
from kernels.onnx.quantisation import quantise
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import reference
from tests.kernels.onnx.models import floats, model


def integers(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64, shape)


def computed(lowered: Lowered, feeds: Mapping[str, Array]) -> dict[str, Array]:
    inputs = lowered.interface.encode(feeds)
    return lowered.interface.restore(NumpyExecutor().execute(lowered.graph, inputs))


def classifier() -> onnx.ModelProto:
    """Returns scores, their argmax and a hidden layer of two inputs; a third has no effect."""
    weights = np.random.default_rng(5).standard_normal((6, 4)).astype(np.float32)
    held = helper.make_tensor("w", TensorProto.FLOAT, [6, 4], weights.reshape(-1).tolist())
    nodes = [
        helper.make_node("Add", ["a", "b"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "w"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["class"], axis=1, keepdims=0),
    ]
    outputs = [floats("scores", 3, 4), integers("class", 3), floats("hidden", 3, 6)]
    inputs = [floats("a", 3, 6), floats("mask", 3), floats("b", 3, 6)]
    return model(nodes, inputs, outputs, [held])


def test_outputs_inside_the_graph_and_integers_beside_reals() -> None:
    content, random = classifier(), np.random.default_rng(3)
    samples = {
        "a": random.standard_normal((48, 6)).astype(np.float32),
        "b": random.standard_normal((48, 6)).astype(np.float32),
    }
    lowered = quantise(content, samples)
    interface = lowered.interface
    assert interface.unused == ("mask",)
    assert [port.name for port in interface.inputs] == ["a", "b"]
    assert [port.name for port in interface.outputs] == ["scores", "class", "hidden"]
    operators = [port.operator for port in interface.outputs]
    assert len(set(operators)) == 3
    assert Interface.of_json(interface.as_json()) == interface
    feeds = {name: array[:3] for name, array in samples.items()}
    found = computed(lowered, feeds)
    scores = (feeds["a"] + feeds["b"]) @ np.array(
        content.graph.initializer[0].float_data, np.float32
    ).reshape(6, 4)
    np.testing.assert_allclose(found["hidden"], feeds["a"] + feeds["b"], atol=0.1)
    np.testing.assert_allclose(found["scores"], scores, atol=0.3)
    assert found["class"].dtype == np.int64
    np.testing.assert_array_equal(found["class"], found["scores"].argmax(1))


def test_one_tensor_under_two_names_and_an_input_are_operators_of_their_own() -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["y"]),
        helper.make_node("Identity", ["y"], ["again"]),
        helper.make_node("Identity", ["x"], ["input"]),
    ]
    outputs = [integers("y", 3, 2), integers("again", 3, 2), integers("input", 2, 3)]
    lowered = lower(read_network(model(nodes, [integers("x", 2, 3)], outputs)))
    assert len({port.operator for port in lowered.interface.outputs}) == 3
    x = np.array([[5, -6, 7], [8, 9, -10]], np.int64)
    found = computed(lowered, {"x": x})
    for name, expected in (("y", x.T), ("again", x.T), ("input", x)):
        assert found[name].dtype == np.int64
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("keepdims", [0, 1])
def test_argmax_takes_the_first_of_equal_elements(axis: int, keepdims: int) -> None:
    node = helper.make_node("ArgMax", ["x"], ["y"], axis=axis, keepdims=keepdims)
    x = np.array([[[3, 1, 3], [0, 0, 0]], [[-1, 2, 2], [7, 0, 0]]], np.float32)
    shape = list(x.shape)
    shape[axis] = 1
    if not keepdims:
        del shape[axis]
    content = model([node], [floats("x", *x.shape)], [integers("y", *shape)])
    lowered = quantise(content, {"x": x})
    np.testing.assert_array_equal(computed(lowered, {"x": x})["y"], reference(content, {"x": x}))


@pytest.mark.parametrize("kind", ["MatMul", "Add", "Tanh", "Transpose", "Concat"])
def test_an_output_keeps_what_its_quantised_reader_cuts_off(kind: str) -> None:
    """A reader of whole range takes the negative half of what is an output too."""
    random = np.random.default_rng(8)
    weights = random.integers(-100, 100, (4, 4)).astype(np.int8)
    held = [
        helper.make_tensor("s", TensorProto.FLOAT, [], [0.02]),
        helper.make_tensor("z", TensorProto.UINT8, [], [128]),
        helper.make_tensor("t", TensorProto.FLOAT, [], [0.01]),
        helper.make_tensor("low", TensorProto.UINT8, [], [0]),
        helper.make_tensor("v", TensorProto.INT8, [4, 4], weights.tobytes(), raw=True),
        helper.make_tensor("i", TensorProto.INT8, [], [0]),
    ]
    second = {"MatMul": ["r", "w"], "Add": ["r", "r"], "Concat": ["r", "r"]}.get(kind, ["r"])
    attributes: dict[str, Any] = {"axis": 0} if kind == "Concat" else {}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["r"]),
        *(
            [helper.make_node("DequantizeLinear", ["v", "t", "i"], ["w"])]
            if kind == "MatMul"
            else []
        ),
        helper.make_node(kind, second, ["y"], **attributes),
        helper.make_node("QuantizeLinear", ["y", "t", "low"], ["p"]),
        helper.make_node("DequantizeLinear", ["p", "t", "low"], ["z1"]),
    ]
    shape = (8, 4) if kind == "Concat" else (4, 4)
    content = model(nodes, [floats("x", 4, 4)], [floats("y", *shape), floats("z1", *shape)], held)
    x = random.standard_normal((4, 4)).astype(np.float32)
    found = computed(lower(read_network(content)), {"x": x})
    session = onnxruntime.InferenceSession(content.SerializeToString())
    y, z1 = session.run(["y", "z1"], {"x": x})
    assert y.min() < -0.5
    np.testing.assert_allclose(found["y"], y, atol=0.011)
    np.testing.assert_allclose(found["z1"], z1, atol=0.011)


@pytest.mark.parametrize("reader", ["Relu", "output", "QuantizeLinear"])
def test_an_input_takes_no_form_that_cuts_off_what_another_reader_needs(reader: str) -> None:
    held = [
        helper.make_tensor("s", TensorProto.FLOAT, [], [0.02]),
        helper.make_tensor("low", TensorProto.UINT8, [], [0]),
        helper.make_tensor("t", TensorProto.FLOAT, [], [0.05]),
        helper.make_tensor("middle", TensorProto.UINT8, [], [128]),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "low"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "low"], ["y"]),
    ]
    match reader:
        case "Relu":
            nodes.append(helper.make_node("Relu", ["x"], ["z"]))
        case "output":
            nodes.append(helper.make_node("Identity", ["x"], ["z"]))
        case _:
            nodes.append(helper.make_node("QuantizeLinear", ["x", "t", "middle"], ["p"]))
            nodes.append(helper.make_node("DequantizeLinear", ["p", "t", "middle"], ["z"]))
    content = model(nodes, [floats("x", 4)], [floats("y", 4), floats("z", 4)], held)
    with pytest.raises(LoweringError, match="input 'x': has no scale"):
        lower(read_network(content))


def test_codes_of_a_quantised_output_are_those_of_onnx() -> None:
    held = [
        helper.make_tensor("s", TensorProto.FLOAT, [], [0.25]),
        helper.make_tensor("z", TensorProto.UINT8, [], [7]),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["r"]),
        helper.make_node("Relu", ["r"], ["p"]),
        helper.make_node("QuantizeLinear", ["p", "s", "z"], ["y"]),
    ]
    port = helper.make_tensor_value_info("y", TensorProto.UINT8, [5])
    content = model(nodes, [floats("x", 5)], [port], held)
    x = np.array([-3, 0, 0.25, 2, 60], np.float32)
    lowered = lower(read_network(content))
    found = computed(lowered, {"x": x})["y"]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, reference(content, {"x": x}))


@pytest.mark.parametrize(
    ("kind", "array", "why"),
    [
        (
            TensorProto.INT64,
            np.array([1, 1 << 31], np.int64),
            "integers of -2147483648..2147483647",
        ),
        (TensorProto.INT64, np.array([1, 0.5]), "other numbers than integers"),
        (TensorProto.UINT8, np.array([0, 256], np.int64), r"integers of 0\.\.255"),
        (TensorProto.UINT8, np.array([-1, 0], np.int64), r"integers of 0\.\.255"),
        (TensorProto.FLOAT, np.array([0, np.nan], np.float32), "holds NaN"),
        (TensorProto.FLOAT, np.zeros(3, np.float32), "expected"),
    ],
)
def test_an_input_that_no_job_could_hold_is_refused(kind: int, array: Array, why: str) -> None:
    port = helper.make_tensor_value_info("x", kind, [2])
    held = [
        helper.make_tensor("s", TensorProto.FLOAT, [], [0.25]),
        helper.make_tensor("z", TensorProto.UINT8, [], [7]),
    ]
    if kind == TensorProto.INT64:
        nodes = [helper.make_node("Unsqueeze", ["x", "at"], ["y"])]
        held = [helper.make_tensor("at", TensorProto.INT64, [1], [0])]
        output = integers("y", 1, 2)
    else:
        first = helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"])
        nodes = [*([first] if kind == TensorProto.FLOAT else []),
                 helper.make_node("DequantizeLinear",
                                  ["q" if kind == TensorProto.FLOAT else "x", "s", "z"], ["r"]),
                 helper.make_node("Relu", ["r"], ["y"])]  # fmt: skip
        output = floats("y", 2)
    interface = lower(read_network(model(nodes, [port], [output], held))).interface
    with pytest.raises(InterfaceError, match=why):
        interface.encode({"x": array})


def test_a_description_of_old_has_the_last_operators_output() -> None:
    node = helper.make_node("Transpose", ["x"], ["y"])
    lowered = lower(read_network(model([node], [integers("x", 2, 3)], [integers("y", 3, 2)])))
    document = lowered.interface.as_json()
    (output,) = document.pop("outputs")
    old = {"version": 1, "inputs": document["inputs"], "output": output}
    interface = Interface.of_json(old)
    assert interface.output.operator is None
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int64)
    found = interface.restore(NumpyExecutor().execute(lowered.graph, interface.encode({"x": x})))
    np.testing.assert_array_equal(found["y"], x.T)


def test_a_description_of_several_outputs_has_no_only_one() -> None:
    nodes = [helper.make_node("Transpose", ["x"], [name]) for name in ("y", "z")]
    outputs = [integers("y", 3, 2), integers("z", 3, 2)]
    interface = lower(read_network(model(nodes, [integers("x", 2, 3)], outputs))).interface
    with pytest.raises(InterfaceError, match="several outputs: y, z"):
        interface.decode(np.zeros((1, 1, 3, 2), np.int32))
    document = interface.as_json()
    for broken in (
        document | {"version": 1},
        {key: value for key, value in document.items() if key != "outputs"},
        document | {"outputs": [document["inputs"][0]]},
    ):
        with pytest.raises(InterfaceError):
            Interface.of_json(broken)

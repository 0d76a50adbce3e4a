"""Operators that others express, against onnxruntime."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import LoweringError, Quantisation, lower, read_network, with_inputs
from kernels.onnx.exact.expansion import expanded, inlined
from kernels.onnx.quantisation import quantise
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import Draft, reference

FORMS = {"x": Quantisation(0.05), "c": Quantisation(1.0)}

Build = Callable[[Draft, str], str]


def real(*shape: int, seed: int = 5, scale: float = 1.0) -> Array:
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in expanded(model).graph.node]


def assert_near(model: onnx.ModelProto, x: Array, batch: int, share: float = 0.03) -> None:
    lowered = quantise(model, {"x": x})
    feeds = {"x": x[:batch]}
    computed = NumpyExecutor().execute(lowered.graph, lowered.interface.encode(feeds))
    found, expected = lowered.interface.decode(computed[-1]), reference(model, feeds)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= share * np.ptp(expected)


def layer_norm(draft: Draft, x: str) -> str:
    mean = draft.node("ReduceMean", x, draft.constant(np.array([-1])))
    apart = draft.node("Sub", x, mean)
    square = draft.node("Pow", apart, draft.constant(np.float32(2)))
    spread = draft.node("ReduceMean", square, draft.constant(np.array([-1])))
    root = draft.node("Sqrt", draft.node("Add", spread, draft.constant(np.float32(1e-5))))
    scaled = draft.node("Mul", draft.node("Div", apart, root), draft.constant(real(6, seed=1)))
    return draft.node("Add", scaled, draft.constant(real(6, seed=2)))


def rms_norm(draft: Draft, x: str) -> str:
    square = draft.node("Mul", x, x)
    mean = draft.node("ReduceMean", square, draft.constant(np.array([2])))
    root = draft.node("Sqrt", draft.node("Add", draft.constant(np.float32(1e-6)), mean))
    inverse = draft.node("Reciprocal", root)
    return draft.node("Mul", draft.constant(real(6, seed=1)), draft.node("Mul", inverse, x))


def length(draft: Draft, x: str) -> str:
    return draft.node("Div", x, draft.node("ReduceL2", x, draft.constant(np.array([-1]))))


@pytest.mark.parametrize(
    ("build", "wanted"),
    [
        (layer_norm, ["LayerNormalization"]),
        (rms_norm, ["SimplifiedLayerNormalization"]),
        (length, ["SimplifiedLayerNormalization"]),
        (lambda d, x: d.node("LpNormalization", x), ["SimplifiedLayerNormalization"]),
    ],
    ids=["layer norm", "rms norm", "length", "lp norm"],
)
def test_a_norm_that_is_written_out_is_recognised(build: Build, wanted: list[str]) -> None:
    draft = Draft()
    model = draft.model(build(draft, draft.input("x", (2, 4, 6))))
    assert kinds(model) == wanted
    assert_near(model, real(16, 4, 6), 2)


def by_moments(
    draft: Draft, x: str, axis: int, *, other: str | None = None, bounded: bool = True
) -> str:
    """Adds a layer norm as Flax writes it; with `other` the mean is that of another tensor."""
    shape = (2, 4, 6)
    axes, kept = draft.constant(np.array([axis])), [2, 4, 6]
    kept[axis] = 1
    part = draft.constant(np.float32(1 / shape[axis]))
    view = draft.constant(np.array(kept))
    mean = draft.node("Mul", draft.node("ReduceSum", other or x, axes, keepdims=0), part)
    square = draft.node("Mul", x, x)
    squares = draft.node("Mul", draft.node("ReduceSum", square, axes, keepdims=0), part)
    variance = draft.node("Sub", squares, draft.node("Mul", mean, mean))
    if bounded:
        variance = draft.node("Max", draft.constant(np.float32(0)), variance)
    raised = draft.node(
        "Add", draft.node("Reshape", variance, view), draft.constant(np.float32(1e-6))
    )
    inverse = draft.node("Reciprocal", draft.node("Sqrt", raised))
    gamma = [1, 1, 1]
    gamma[axis] = shape[axis]
    factor = draft.node("Mul", inverse, draft.constant(real(*gamma, seed=1)))
    apart = draft.node("Sub", x, draft.node("Reshape", mean, view))
    return draft.node("Mul", apart, factor)


def by_sums(draft: Draft, x: str, bound: float = -np.inf) -> str:
    """Adds a softmax over the last axis as JAX writes it."""
    axes, view = draft.constant(np.array([2])), draft.constant(np.array([2, 4, 1]))
    top = draft.node("ReduceMax", x, axes, keepdims=0)
    top = draft.node("Max", draft.constant(np.float32(bound)), top)
    powers = draft.node("Exp", draft.node("Sub", x, draft.node("Reshape", top, view)))
    total = draft.node("ReduceSum", powers, axes, keepdims=0)
    return draft.node("Div", powers, draft.node("Reshape", total, view))


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("axis", [1, 2])
def test_a_norm_by_moments_is_recognised(axis: int, bounded: bool) -> None:
    draft = Draft()
    model = draft.model(by_moments(draft, draft.input("x", (2, 4, 6)), axis, bounded=bounded))
    norm = ["LayerNormalization"]
    assert kinds(model) == (norm if axis == 2 else ["Transpose", *norm, "Transpose"])
    # A large mean makes the difference of the moments hopeless in integers.
    assert_near(model, real(16, 4, 6) + np.float32(5), 2)


def test_moments_of_another_tensor_are_no_norm() -> None:
    draft = Draft()
    x = draft.input("x", (2, 4, 6))
    model = draft.model(by_moments(draft, x, 2, other=draft.node("Abs", x)))
    assert "LayerNormalization" not in kinds(model)


def test_a_softmax_by_sums_is_recognised() -> None:
    draft = Draft()
    model = draft.model(by_sums(draft, draft.input("x", (2, 4, 6))))
    assert kinds(model) == ["Softmax"]
    assert_near(model, real(16, 4, 6), 2)


def test_a_quotient_of_bounded_powers_is_no_softmax() -> None:
    draft = Draft()
    assert "Softmax" not in kinds(draft.model(by_sums(draft, draft.input("x", (2, 4, 6)), 0.5)))


def test_a_root_of_another_tensor_is_no_norm() -> None:
    draft = Draft()
    x = draft.input("x", (2, 4, 6))
    other = draft.node("Abs", x)
    mean = draft.node("ReduceMean", draft.node("Mul", other, other), draft.constant(np.array([1])))
    model = draft.model(draft.node("Div", x, draft.node("Sqrt", mean)))
    assert kinds(model) == ["Abs", "Mul", "ReduceMean", "Sqrt", "Reciprocal", "Mul"]


@pytest.mark.parametrize(
    "build",
    [
        lambda d, x: d.node("Softmax", x, axis=1),
        lambda d, x: d.node("LogSoftmax", x, axis=2),
        lambda d, x: d.node(
            "LayerNormalization", x, d.constant(real(4, 6, seed=1)), d.constant(real(4, 6)), axis=1
        ),
        lambda d, x: d.node(
            "InstanceNormalization", x, d.constant(real(4, seed=1)), d.constant(real(4, seed=2))
        ),
        lambda d, x: d.node(
            "GroupNormalization",
            x,
            d.constant(real(2, seed=1)),
            d.constant(real(2, seed=2)),
            num_groups=2,
        ),
        lambda d, x: d.node("Sub", d.constant(real(6)), x),
        lambda d, x: d.node(
            "Div", x, d.node("Add", d.node("Sigmoid", x), d.constant(np.float32(0.5)))
        ),
        lambda d, x: d.node("ReduceL1", x, d.constant(np.array([1])), keepdims=0),
        lambda d, x: d.node("Tile", x, d.constant(np.array([1, 3, 2]))),
        lambda d, x: d.node("Mean", x, d.constant(real(6)), x),
        lambda d, x: d.node(
            "BatchNormalization",
            x,
            *(d.constant(np.abs(real(4, seed=seed)) + np.float32(0.1)) for seed in range(4)),
        ),
    ],
    ids=["softmax", "log softmax", "layer norm", "instance norm", "group norm", "constant minus",
         "quotient", "length", "tile", "mean", "batch norm"],
)  # fmt: skip
def test_an_operator_that_others_express(build: Build) -> None:
    draft = Draft()
    assert_near(draft.model(build(draft, draft.input("x", (2, 4, 6)))), real(16, 4, 6), 2)


@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_softmax_of_an_old_opset_flattens(axis: int | None) -> None:
    given: dict[str, Any] = {} if axis is None else {"axis": axis}
    node = helper.make_node("Softmax", ["x"], ["y"], **given)
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (2, 3, 4)) for name in "xy"]
    graph = helper.make_graph([node], "test", ports[:1], ports[1:])
    opsets = [helper.make_opsetid("", 11)]
    assert_near(helper.make_model(graph, opset_imports=opsets, ir_version=8), real(16, 3, 4), 2)


def dynamic() -> onnx.ModelProto:
    """Returns a product whose activations are quantised at run time."""
    draft = Draft()
    x = draft.input("x", (2, 6))
    names = ["codes", "step", "zero"]
    draft.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], names, "dynamic"))
    weights = np.random.default_rng(1).integers(0, 255, (6, 5)).astype(np.uint8)
    product = draft.node(
        "MatMulInteger", "codes", draft.constant(weights), "zero", draft.constant(np.uint8(120))
    )
    real_product = draft.node("Cast", product, to=TensorProto.FLOAT)
    scale = draft.node("Mul", "step", draft.constant(np.float32(0.02)))
    return draft.model(draft.node("Relu", draft.node("Mul", real_product, scale)))


def test_scales_of_run_time_become_those_of_calibration() -> None:
    assert kinds(dynamic()) == ["Identity", "MatMul", "Identity", "Mul", "Mul", "Relu"]
    assert_near(dynamic(), real(16, 6), 2)


def test_scales_of_run_time_need_a_calibration() -> None:
    with pytest.raises(LoweringError, match="input 'x': has no scale"):
        lower(read_network(dynamic()))


def branching(condition: str | None) -> onnx.ModelProto:
    """Returns an If of a constant condition, or of one that is an input."""
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (2, 4)) for name in "xy"]
    branches = {}
    for name, kind in (("then_branch", "Relu"), ("else_branch", "Neg")):
        inner = helper.make_tensor_value_info(kind, TensorProto.FLOAT, (2, 4))
        branches[name] = helper.make_graph(
            [helper.make_node(kind, ["x"], [kind])], name, [], [inner]
        )
    node = helper.make_node("If", ["c"], ["y"], "branch", **branches)
    held = [helper.make_tensor("c", TensorProto.BOOL, [], [condition == "true"])]
    inputs = ports[:1]
    if condition is None:
        held, inputs = [], [*inputs, helper.make_tensor_value_info("c", TensorProto.BOOL, [1])]
    graph = helper.make_graph([node], "test", inputs, ports[1:], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(("condition", "kind"), [("true", "Relu"), ("false", "Neg")])
def test_a_constant_condition_takes_its_branch(condition: str, kind: str) -> None:
    model = branching(condition)
    assert [node.op_type for node in inlined(model).graph.node] == [kind, "Identity"]
    assert_near(model, real(16, 4), 2)


def test_a_computed_condition_is_refused_by_name() -> None:
    assert inlined(branching(None)) == branching(None)
    with pytest.raises(LoweringError, match=r"^If 'branch': no exact form"):
        lower(with_inputs(read_network(branching(None)), FORMS))

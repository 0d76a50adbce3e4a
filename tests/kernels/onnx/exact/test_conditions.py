"""Comparisons, booleans, choices and extremes, against onnxruntime."""

from collections.abc import Callable

import numpy as np
import pytest
from onnx import TensorProto

from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import LoweringError
from kernels.onnx.quantisation import quantise
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import Draft, assert_near, exact, reference

SCALE = 0.05
SHAPE = (3, 4, 6)
COMPARISONS = ("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")


def codes(*shape: int, seed: int = 3) -> Array:
    """Returns numbers that int8 holds exactly at SCALE, many of them equal."""
    steps = np.random.default_rng(seed).integers(-5, 6, shape)
    return (steps * SCALE).astype(np.float32)


def operand(draft: Draft, name: str, shape: tuple[int, ...] = SHAPE) -> str:
    return draft.quantised(draft.input(name, shape), SCALE, 0, "int8")


def compared(kind: str, feeds: dict[str, Array], build: Callable[[Draft], list[str]]) -> None:
    """Checks that a comparison is right everywhere, equal numbers among them."""
    draft = Draft()
    made = draft.node("Cast", draft.node(kind, *build(draft)), to=TensorProto.FLOAT)
    model = draft.model(made)
    _, found = exact(model, feeds)
    expected = reference(model, feeds)
    assert len(np.unique(expected)) == 2
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", COMPARISONS)
def test_a_comparison_of_tensors_is_exact_on_their_steps(kind: str) -> None:
    feeds = {"x": codes(*SHAPE), "y": codes(*SHAPE, seed=4)}
    compared(kind, feeds, lambda draft: [operand(draft, "x"), operand(draft, "y")])


@pytest.mark.parametrize("kind", COMPARISONS)
def test_a_comparison_broadcasts_either_side(kind: str) -> None:
    feeds = {"x": codes(4, 1), "y": codes(*SHAPE, seed=4)}
    compared(kind, feeds, lambda draft: [operand(draft, "x", (4, 1)), operand(draft, "y")])


@pytest.mark.parametrize("kind", COMPARISONS)
@pytest.mark.parametrize("first", [True, False])
def test_a_comparison_with_constants_is_exact(kind: str, first: bool) -> None:
    feeds = {"x": codes(*SHAPE)}
    constants = [np.array(0.1, np.float32), codes(6, seed=7)]
    if kind != "Equal":
        # Between two steps; a number that x never equals.
        constants.append(np.array(0.12, np.float32))
    for constant in constants:

        def build(draft: Draft, constant: Array = constant) -> list[str]:
            pair = [operand(draft, "x"), draft.constant(constant)]
            return pair if first else pair[::-1]

        compared(kind, feeds, build)


def test_steps_beyond_one_do_not_tell_whole_numbers_apart() -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", SHAPE), 1.5, 0, "int8")
    made = draft.node("Equal", x, draft.constant(np.float32(3)))
    model = draft.model(draft.node("Cast", made, to=TensorProto.FLOAT))
    with pytest.raises(LoweringError, match=r"steps of 1\.5 do not tell whole numbers apart"):
        exact(model, {"x": codes(*SHAPE)})


@pytest.mark.parametrize("kind", ["And", "Or", "Xor"])
@pytest.mark.parametrize("constant", [True, False])
def test_operators_of_booleans(kind: str, constant: bool) -> None:
    feeds = {"x": codes(*SHAPE)} | ({} if constant else {"y": codes(*SHAPE, seed=4)})
    mask = np.random.default_rng(1).random((4, 6)) < 0.5

    def build(draft: Draft) -> list[str]:
        zero = draft.constant(np.float32(0))
        first = draft.node("Not", draft.node("Greater", operand(draft, "x"), zero))
        other = draft.constant(mask) if constant else draft.node("Less", operand(draft, "y"), zero)
        return [first, other]

    compared(kind, feeds, build)


@pytest.mark.parametrize("condition", ["computed", "constant"])
@pytest.mark.parametrize("choices", ["both", "first", "second", "fill"])
def test_a_choice_takes_either_side(condition: str, choices: str) -> None:
    draft = Draft()
    x, feeds = operand(draft, "x"), {"x": codes(*SHAPE)}
    mask = draft.constant(np.random.default_rng(1).random((4, 1)) < 0.5)
    if condition == "computed":
        mask = draft.node("Greater", x, draft.constant(np.float32(0)))
    if choices == "both":
        other, feeds["y"] = operand(draft, "y", (6,)), codes(6, seed=4)
    else:
        other = draft.constant(np.float32(-0.2) if choices == "fill" else codes(4, 6, seed=9))
    pair = (x, other) if choices in ("both", "first") else (other, x)
    made = draft.quantised(draft.node("Where", mask, *pair), SCALE, 0, "int8")
    assert_near(draft.model(made), feeds, SCALE / 2)


@pytest.mark.parametrize("kind", ["Max", "Min"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_extremes_of_tensors_and_constants(kind: str, count: int) -> None:
    draft = Draft()
    names = [operand(draft, "x"), draft.constant(codes(4, 1, seed=9))][:count]
    feeds = {"x": codes(*SHAPE)}
    if count == 3:
        names.append(operand(draft, "y", (6,)))
        feeds["y"] = codes(6, seed=4)
    output = draft.quantised(draft.node(kind, *names), SCALE, 0, "int8")
    assert_near(draft.model(output), feeds, SCALE / 2)


@pytest.mark.parametrize("kind", ["ReduceMax", "ReduceMin"])
@pytest.mark.parametrize("axes", [[1], [0, 2], [-1], [0, 1, 2]])
@pytest.mark.parametrize("keep", [0, 1])
def test_extremes_along_axes(kind: str, axes: list[int], keep: int) -> None:
    shape = (3, 40, 6)
    draft = Draft()
    x = operand(draft, "x", shape)
    made = draft.node(kind, x, draft.constant(np.array(axes)), keepdims=keep)
    model = draft.model(draft.quantised(made, SCALE, 0, "int8"))
    feeds = {"x": np.random.default_rng(1).normal(0, 2, shape).astype(np.float32)}
    _, found = exact(model, feeds)
    np.testing.assert_allclose(found, reference(model, feeds), atol=1e-6)


def test_a_comparison_of_one_tensor_with_itself() -> None:
    draft = Draft()
    total = draft.node("ReduceSum", draft.input("x", (2, 6)), draft.constant(np.array([1])))
    made = draft.node("Cast", draft.node("LessOrEqual", total, total), to=TensorProto.FLOAT)
    model, x = draft.model(made), codes(16, 6)
    lowered = quantise(model, {"x": x})
    inputs = lowered.interface.encode({"x": x[:2]})
    found = lowered.interface.decode(NumpyExecutor().execute(lowered.graph, inputs)[-1])
    np.testing.assert_array_equal(found, np.ones((2, 1)))


@pytest.mark.parametrize("order", ["first", "last", "between"])
def test_constants_are_concatenated_anywhere(order: str) -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", SHAPE), SCALE, 0, "int8")
    y = draft.quantised(draft.input("y", SHAPE), SCALE, 0, "int8")
    fixed = draft.constant(codes(3, 1, 6, seed=9))
    names = {"first": [fixed, x, y], "last": [x, y, fixed], "between": [x, fixed, y]}[order]
    made = draft.quantised(draft.node("Concat", *names, axis=1), SCALE, 0, "int8")
    assert_near(draft.model(made), {"x": codes(*SHAPE), "y": codes(*SHAPE, seed=4)}, SCALE / 2)


def test_a_softmax_of_booleans() -> None:
    draft = Draft()
    above = draft.node("Greater", draft.input("x", (2, 6)), draft.constant(np.float32(0)))
    model = draft.model(draft.node("Softmax", draft.node("Cast", above, to=TensorProto.FLOAT)))
    x = codes(32, 6)
    lowered = quantise(model, {"x": x})
    inputs = lowered.interface.encode({"x": x[:2]})
    found = lowered.interface.decode(NumpyExecutor().execute(lowered.graph, inputs)[-1])
    np.testing.assert_allclose(found, reference(model, {"x": x[:2]}), atol=1 / 256)

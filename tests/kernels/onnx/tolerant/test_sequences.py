"""Sequences and optionals, which vanish while a graph is planned."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from kernels.onnx.tolerant import BadInput, TolerantRunner, UnsupportedOperator
from tests.kernels.onnx.models import floats, model

RUNNER = TolerantRunner()
X = np.arange(12, dtype=np.float32).reshape(4, 3)


def whole(name: str, *values: int, scalar: bool = False) -> TensorProto:
    return numpy_helper.from_array(np.array(values[0] if scalar else values, np.int64), name)


def run(*nodes: onnx.NodeProto, weights: tuple[TensorProto, ...] = ()) -> Any:
    """Returns the output y of nodes that read x."""
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    content = model(nodes, [floats("x", 4, 3)], [out], weights)
    return RUNNER.run(content, {"x": X}).outputs["y"]


SPLIT = helper.make_node("SplitToSequence", ["x", "sizes"], ["parts"], axis=0)
SIZES = whole("sizes", 1, 3)


@pytest.mark.parametrize(("at", "wanted"), [(0, X[:1]), (1, X[1:]), (-1, X[1:]), (-2, X[:1])])
def test_an_element_of_a_sequence(at: int, wanted: Any) -> None:
    node = helper.make_node("SequenceAt", ["parts", "at"], ["y"])
    found = run(SPLIT, node, weights=(SIZES, whole("at", at, scalar=True)))
    np.testing.assert_array_equal(found, wanted)


def test_equal_parts_and_parts_without_their_axis() -> None:
    nodes = [
        helper.make_node("SplitToSequence", ["x", "two"], ["parts"], axis=-1),
        helper.make_node("SequenceAt", ["parts", "two"], ["last"]),
    ]
    with pytest.raises(UnsupportedOperator, match="position 2 lies outside a sequence of 2"):
        run(
            *nodes,
            helper.make_node("Neg", ["last"], ["y"]),
            weights=(whole("two", 2, scalar=True),),
        )
    rows = helper.make_node("SplitToSequence", ["x"], ["rows"], axis=0, keepdims=0)
    stack = helper.make_node("ConcatFromSequence", ["rows"], ["y"], axis=-1, new_axis=1)
    np.testing.assert_array_equal(run(rows, stack), X.T)


def test_elements_are_inserted_and_erased() -> None:
    nodes = [
        helper.make_node("Neg", ["x"], ["n"]),
        helper.make_node("SequenceConstruct", ["x", "n"], ["a"]),
        helper.make_node("SequenceInsert", ["a", "x", "one"], ["b"]),
        helper.make_node("SequenceErase", ["b", "zero"], ["c"]),
        helper.make_node("SequenceInsert", ["c", "x"], ["d"]),
        helper.make_node("ConcatFromSequence", ["d"], ["y"], axis=0),
    ]
    found = run(*nodes, weights=(whole("one", 1), whole("zero", 0)))
    np.testing.assert_array_equal(found, np.concatenate([X, -X, X]))


def test_the_length_of_a_sequence_may_determine_a_shape() -> None:
    nodes = [
        SPLIT,
        helper.make_node("SequenceLength", ["parts"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "zero"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["y"]),
    ]
    assert run(*nodes, weights=(SIZES, whole("zero", 0))).shape == (2,)


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        ([SPLIT, helper.make_node("Neg", ["parts"], ["y"])], "an input is a sequence"),
        ([helper.make_node("SequenceAt", ["x", "sizes"], ["y"])], "input 0 is not a sequence"),
        (
            [
                helper.make_node("SequenceEmpty", [], ["none"]),
                helper.make_node("ConcatFromSequence", ["none"], ["y"], axis=0),
            ],
            "the sequence is empty",
        ),
        (
            [
                helper.make_node("SequenceEmpty", [], ["none"]),
                helper.make_node("SequenceErase", ["none"], ["more"]),
                helper.make_node("SequenceLength", ["more"], ["y"]),
            ],
            "no element to erase",
        ),
        (
            [
                helper.make_node("SplitToSequence", ["x", "sizes"], ["parts"], axis=1),
                helper.make_node("ConcatFromSequence", ["parts"], ["y"], axis=0),
            ],
            "do not make 3",
        ),
    ],
)
def test_what_is_not_possible_is_refused(nodes: list[onnx.NodeProto], why: str) -> None:
    with pytest.raises(UnsupportedOperator, match=why):
        run(*nodes, weights=(SIZES,))


def test_sequences_are_inputs_and_outputs_element_by_element() -> None:
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [2]))
    node = helper.make_node("SequenceInsert", ["s", "x"], ["t"])
    ports = [helper.make_value_info("s", kind), floats("x", 2)]
    content = model([node], ports, [helper.make_value_info("t", kind)])
    arrays = {f"s[{at}]": np.full(2, at, np.float32) for at in range(2)}
    outputs = RUNNER.run(content, {**arrays, "x": np.full(2, 7, np.float32)}).outputs
    assert {name: each.tolist() for name, each in outputs.items()} == {
        "t[0]": [0, 0], "t[1]": [1, 1], "t[2]": [7, 7],
    }  # fmt: skip
    with pytest.raises(BadInput, match=r"no input 's\[3\]'"):
        RUNNER.run(content, {"s[3]": arrays["s[0]"], "x": arrays["s[0]"]})


def test_an_optional_input_may_be_left_out() -> None:
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [2]))
    branches = [
        helper.make_graph([helper.make_node(*each)], name, [], [floats("b", 2)])
        for name, each in {
            "given": ("OptionalGetElement", ["o"], ["b"]),
            "left_out": ("Neg", ["x"], ["b"]),
        }.items()
    ]
    nodes = [
        helper.make_node("OptionalHasElement", ["o"], ["has"]),
        helper.make_node("If", ["has"], ["y"], then_branch=branches[0], else_branch=branches[1]),
    ]
    content = model(nodes, [helper.make_value_info("o", kind), floats("x", 2)], [floats("y", 2)])
    x, o = np.array([1, 2], np.float32), np.array([5, 6], np.float32)
    assert RUNNER.run(content, {"x": x}).outputs["y"].tolist() == [-1, -2]
    assert RUNNER.run(content, {"x": x, "o": o}).outputs["y"].tolist() == [5, 6]

"""Fused kernels give what the operators give one by one, to the bit on one adapter."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from kernels.custom.element import Tolerance
from kernels.onnx.tolerant import TolerantRunner
from kernels.onnx.tolerant.packaging import package
from tests.kernels.onnx.models import floats, model

BOUNDS = Tolerance.rounded(1e-5, 1e-5, 0)
SHAPES = ((2, 3, 4), (3, 4), (4,), (1, 3, 1), (2, 1, 4), (1,))
UNARY = ("Neg", "Abs", "Relu", "Sigmoid", "Tanh", "Floor", "Exp", "LeakyRelu", "Erf")
BINARY = ("Add", "Sub", "Mul", "Max", "Min")
MOVES = ("Transpose", "Slice", "Concat", "ReduceSum", "Softmax", "MatMul")


@cache
def runner(fusing: bool) -> TolerantRunner:
    return TolerantRunner(fusing=fusing)


@st.composite
def graphs(draw: st.DrawFn) -> onnx.ModelProto:
    """Returns a graph over x [2, 3, 4] whose operators read any earlier value, several times."""
    numbers = np.random.default_rng(draw(st.integers(0, 1 << 16)))
    weights, nodes = [], []
    values = ["x"]
    for at in range(draw(st.integers(2, 12))):
        source, target = draw(st.sampled_from(values)), f"t{at}"
        kind = draw(st.sampled_from(("unary", "weight", "pair", "move", "where")))
        if kind == "unary":
            nodes.append(helper.make_node(draw(st.sampled_from(UNARY)), [source], [target]))
        elif kind == "weight":
            shape = draw(st.sampled_from(SHAPES))
            weight = numbers.standard_normal(shape).astype(np.float32)
            weights.append(numpy_helper.from_array(weight, f"w{at}"))
            pair = draw(st.permutations([source, f"w{at}"]))
            nodes.append(helper.make_node(draw(st.sampled_from(BINARY)), pair, [target]))
        elif kind == "pair":
            other = draw(st.sampled_from(values))
            operator = draw(st.sampled_from(BINARY))
            nodes.append(helper.make_node(operator, [source, other], [target]))
        elif kind == "where":
            other = draw(st.sampled_from(values))
            nodes += [
                helper.make_node("Greater", [source, other], [f"c{at}"]),
                helper.make_node("Where", [f"c{at}", other, source], [target]),
            ]
        else:
            nodes += _moved(draw(st.sampled_from(MOVES)), source, target)
        values.append(target)
    outputs = draw(st.lists(st.sampled_from(values[1:]), min_size=1, max_size=2, unique=True))
    constants = {
        "starts": np.array([1, 0]),
        "ends": np.array([3, 3]),
        "axes": np.array([1, 2]),
        "square": np.asarray(numbers.standard_normal((4, 4)), np.float32),
    }
    weights += [numpy_helper.from_array(array, name) for name, array in constants.items()]
    return model(
        nodes, [floats("x", 2, 3, 4)], [floats(name, 2, 3, 4) for name in outputs], weights
    )


def _moved(operator: str, source: str, target: str) -> list[onnx.NodeProto]:
    """Returns nodes that move or sum elements, and give the shape back."""
    part = f"{target}_part"
    match operator:
        case "Transpose":
            twice = [(source, part), (part, target)]
            return [
                helper.make_node("Transpose", [a], [b], perm=perm)
                for (a, b), perm in zip(twice, ((2, 0, 1), (1, 2, 0)), strict=True)
            ]
        case "Slice":
            names = [source, "starts", "ends", "axes"]
            cut = helper.make_node("Slice", names, [part])
            back = helper.make_node("Pad", [part], [target], pads=[0, 1, 0, 0, 0, 1])
            return [cut, _padding(back)]
        case "Concat":
            joined = helper.make_node("Concat", [source, source], [part], axis=2)
            return [joined, helper.make_node("MaxPool", [part], [target], kernel_shape=[2],
                                             strides=[2])]  # fmt: skip
        case "ReduceSum":
            total = helper.make_node("ReduceSum", [source, "last"], [part])
            return [total, helper.make_node("Add", [source, part], [target])]
        case "MatMul":
            return [helper.make_node("MatMul", [source, "square"], [target])]
        case _:
            return [helper.make_node("Softmax", [source], [target], axis=1)]


def _padding(node: onnx.NodeProto) -> onnx.NodeProto:
    """Returns a Pad whose pads are an input, as newer opsets want."""
    del node.attribute[:]
    node.input.append("pads")
    return node


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(content=graphs(), seed=st.integers(0, 1 << 16))
def test_random_chains_give_what_single_operators_give(content: onnx.ModelProto, seed: int) -> None:
    extra = {"pads": np.array([0, 1, 0, 0, 0, 1]), "last": np.array([-1])}
    content.graph.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in extra.items()
    )
    x = np.random.default_rng(seed).standard_normal((2, 3, 4)).astype(np.float32)
    fused, single = (runner(each).run(content, {"x": x}) for each in (True, False))
    assert fused.dispatches <= single.dispatches
    for name, wanted in single.outputs.items():
        np.testing.assert_array_equal(fused.outputs[name], wanted)


def stages(nodes: Sequence[onnx.NodeProto], weights: Sequence[onnx.TensorProto] = ()) -> int:
    content = model(list(nodes), [floats("x", 1, 8, 6, 6)], [floats("y")], list(weights))
    content.graph.output[0].type.tensor_type.ClearField("shape")
    return len(package(content, "net", {}, BOUNDS).package.stages)


def test_what_follows_a_convolution_is_computed_with_it() -> None:
    weights = [
        numpy_helper.from_array(np.ones((8, 8, 3, 3), np.float32), "w"),
        numpy_helper.from_array(np.array(6, np.float32), "six"),
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4),
        helper.make_node("Sigmoid", ["c"], ["s"]),
        helper.make_node("Mul", ["c", "s"], ["m"]),
        helper.make_node("Add", ["m", "x"], ["a"]),
        helper.make_node("Min", ["a", "six"], ["y"]),
    ]
    assert stages(nodes, weights) == 1


@pytest.mark.parametrize(
    ("nodes", "count"),
    [
        # Both sums read the exponentials, so these are stored.
        ([("Exp", "x", "e"), ("ReduceSum", "e", "a"), ("ReduceMax", "e", "b"), ("Add", "a b", "y")],
         3),
        # A sum reads each element once.
        ([("Exp", "x", "e"), ("Neg", "e", "n"), ("ReduceSum", "n", "y")], 1),
        # Each element of the smaller tensor would be computed many times.
        ([("ReduceSum", "x", "s"), ("Exp", "s", "e"), ("Add", "x e", "y")], 2),
        ([("Transpose", "x", "t"), ("Exp", "t", "e"), ("Transpose", "e", "y")], 1),
    ],
)  # fmt: skip
def test_what_is_read_once_is_not_stored(nodes: Sequence[tuple[str, str, str]], count: int) -> None:
    made = [helper.make_node(name, given.split(), [made]) for name, given, made in nodes]
    assert stages(made) == count

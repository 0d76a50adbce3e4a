"""An If of a constant condition gives way to its branch, whatever names others use."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from kernels.onnx.exact.expansion import inlined
from kernels.onnx.reading import bound, check_model
from tests.kernels.onnx.models import floats, model


def branch(factor: float, output: str) -> onnx.GraphProto:
    """Returns a graph whose inner names every other one has too."""
    nodes = [
        helper.make_node("Mul", ["x", "factor"], ["inner"], "multiply"),
        helper.make_node("Neg", ["inner"], [output], "negate"),
    ]
    weights = [helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])]
    return helper.make_graph(nodes, "branch", [], [floats(output, 2)], weights)


def choice(name: str, condition: str, factors: tuple[float, float]) -> onnx.NodeProto:
    return helper.make_node(
        "If", [condition], [name], name,
        then_branch=branch(factors[0], f"{name}_then"),
        else_branch=branch(factors[1], f"{name}_else"),
    )  # fmt: skip


@pytest.mark.parametrize("rate", [8, 16])
def test_branches_with_equal_names(rate: int) -> None:
    nodes = [
        helper.make_node("Equal", ["rate", "sixteen"], ["fast"], "compare"),
        choice("a", "fast", (2.0, 3.0)),
        choice("b", "fast", (5.0, 7.0)),
        helper.make_node("Add", ["a", "b"], ["y"], "sum"),
    ]
    weights = [helper.make_tensor("sixteen", TensorProto.INT64, [], [16])]
    given = [floats("x", 2), helper.make_tensor_value_info("rate", TensorProto.INT64, [])]
    content = check_model(model(nodes, given, [floats("y", 2)], weights))
    found = check_model(inlined(bound(content, {}, {"rate": np.array(rate, np.int64)})))
    assert "If" not in {node.op_type for node in found.graph.node}
    x = np.array([1.0, -2.0], np.float32)
    session = onnxruntime.InferenceSession(found.SerializeToString())
    (y,) = session.run(None, {"x": x})
    assert np.array_equal(y, -x * (7.0 if rate == 16 else 10.0))


def test_a_condition_that_is_computed_stays() -> None:
    nodes = [choice("y", "c", (2.0, 3.0))]
    given = [floats("x", 2), helper.make_tensor_value_info("c", TensorProto.BOOL, [])]
    content = model(nodes, given, [floats("y", 2)])
    assert inlined(content) is content

"""Models without an exact form are refused with a reason."""

import onnx
import pytest
from onnx import TensorProto, helper

from kernels.onnx.exact import LoweringError, lower, read_network
from tests.kernels.onnx.models import floats, model


def integers(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT32, shape)


def empty() -> onnx.ModelProto:
    node = helper.make_node("Transpose", ["x"], ["y"])
    return model([node], [integers("x", 0, 2)], [integers("y", 2, 0)])


def constant_output() -> onnx.ModelProto:
    node = helper.make_node("Transpose", ["x"], ["y"])
    held = helper.make_tensor("c", TensorProto.INT32, [2], [2, 3])
    return model([node], [integers("x", 1, 2)], [integers("y", 2, 1), integers("c", 2)], [held])


def sequence() -> onnx.ModelProto:
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, [2]))
    at = helper.make_tensor("i", TensorProto.INT64, [], [0])
    node = helper.make_node("SequenceAt", ["x", "i"], ["y"])
    return model([node], [helper.make_value_info("x", kind)], [floats("y", 2)], [at])


def computed_zero() -> onnx.ModelProto:
    kind = TensorProto.INT8
    ports = [helper.make_tensor_value_info(name, kind, shape)
             for name, shape in (("a", [2, 2]), ("b", [2, 2]), ("z", []))]  # fmt: skip
    node = helper.make_node("MatMulInteger", ["a", "b", "z"], ["y"])
    return model([node], ports, [integers("y", 2, 2)])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (empty(), "no fixed size"),
        (constant_output(), "output 'c': it does not depend on an input"),
        (sequence(), "not a tensor"),
        (computed_zero(), "must be a constant"),
    ],
)
def test_a_model_without_an_exact_form_is_refused(content: onnx.ModelProto, why: str) -> None:
    with pytest.raises(LoweringError, match=why):
        lower(read_network(content))

"""Sums and products that are only read as int8 are one operator of the graph."""

import numpy as np
import onnx
import pytest

from kernels.graph import Graph, Opcode
from kernels.onnx.exact import Lowered
from kernels.trace import DType
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import Draft, assert_near

IN_SCALE, IN_ZERO = 0.031, 117
OUT_SCALE, OUT_ZERO = 0.047, 121
FEEDS = {"x": np.random.default_rng(7).normal(0, 1.5, (1, 8, 6, 6)).astype(np.float32)}


def codes(*shape: int) -> Array:
    return np.random.default_rng(3).integers(-127, 128, shape)


def conv(draft: Draft, x: str) -> str:
    weights = draft.weights(codes(8, 8, 3, 3), np.linspace(0.0005, 0.004, 8))
    return draft.node("Conv", x, weights, draft.weights(codes(8), np.array(0.01)), pads=[1] * 4)


def start() -> tuple[Draft, str]:
    draft = Draft()
    return draft, draft.quantised(draft.input("x", (1, 8, 6, 6)), IN_SCALE, IN_ZERO)


def names(graph: Graph) -> list[str]:
    """Returns what computes: operators with the dtype that they write, moving ones left out."""
    return [
        f"{each.opcode.name.lower()} {each.dtype_out.name.lower()}"
        for each in graph.descriptors
        if each.opcode is not Opcode.AS_STRIDED
    ]


def lowered(model: onnx.ModelProto) -> Lowered:
    return assert_near(model, FEEDS, OUT_SCALE)


def test_a_convolution_with_its_activation_is_one_operator() -> None:
    draft, x = start()
    y = draft.quantised(draft.node("Relu", conv(draft, x)), OUT_SCALE, 0)
    found = lowered(draft.model(y))
    assert names(found.graph) == ["convolution int8"]
    assert names(found.detailed) != names(found.graph)


@pytest.mark.parametrize(("kind", "sign"), [("Add", 1), ("Sub", -1)])
@pytest.mark.parametrize("activated", [False, True])
def test_a_residual_sum_is_one_operator_without_int32(
    kind: str, sign: int, activated: bool
) -> None:
    draft, x = start()
    y = draft.quantised(conv(draft, x), OUT_SCALE * 0.7, OUT_ZERO - 9)
    total = draft.node(kind, y, x)
    if activated:
        total = draft.node("Relu", total)
    result = draft.quantised(total, OUT_SCALE, OUT_ZERO)
    found = lowered(draft.model(result))
    assert names(found.graph) == ["convolution int8", "add int8"]
    assert all(spec.dtype is DType.INT8 for spec in found.graph.outputs)
    (key,) = (key for key in found.graph.constant_keys() if key[1].shape == (1, 1, 1, 2))
    assert sorted(np.sign(found.graph.constants[key]).reshape(-1)) == sorted([1, sign])


def test_a_sum_with_a_row_is_repeated_over_the_other_term() -> None:
    draft, x = start()
    row = draft.node("GlobalAveragePool", x)
    total = draft.node("Add", draft.quantised(row, OUT_SCALE * 0.3, OUT_ZERO), x)
    found = lowered(draft.model(draft.quantised(total, OUT_SCALE, OUT_ZERO)))
    assert "add int8" in names(found.graph)


def test_a_product_of_two_tensors_is_requantised_in_one_operator() -> None:
    draft, x = start()
    y = draft.quantised(conv(draft, x), OUT_SCALE, OUT_ZERO)
    product = draft.quantised(draft.node("Mul", y, x), OUT_SCALE * 2, OUT_ZERO)
    found = assert_near(draft.model(product), FEEDS, OUT_SCALE * 2)
    assert names(found.graph) == ["convolution int8", "multiply int8"]


def test_a_sum_that_is_averaged_stays_wide() -> None:
    draft, x = start()
    total = draft.node("Add", draft.quantised(conv(draft, x), OUT_SCALE, OUT_ZERO), x)
    mean = draft.node("ReduceMean", total, draft.constant(np.array([1, 3])), keepdims=0)
    found = lowered(draft.model(draft.quantised(mean, OUT_SCALE, OUT_ZERO)))
    assert "add int32" in names(found.graph)


def test_a_sum_that_is_the_output_stays_wide() -> None:
    draft, x = start()
    total = draft.node("Add", draft.quantised(conv(draft, x), OUT_SCALE, OUT_ZERO), x)
    found = lowered(draft.model(total))
    assert "add int32" in names(found.graph)

"""Graphs in QOperator form differ from onnxruntime by at most one unit in the last place."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from kernels.onnx.exact import LoweringError, lower, read_network
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import MICROSOFT, Draft, exact, reference

SEED = 11


def unsigned(*shape: int, seed: int = SEED) -> Array:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def assert_same_codes(
    model: onnx.ModelProto, x: Array, scale: float, zero_point: int, tolerance: int = 1
) -> None:
    """Compares the result in units of the output's scale with onnxruntime's own codes."""
    _, found = exact(model, {"x": x})
    expected = reference(model, {"x": x}).astype(np.int64) - zero_point
    assert len(np.unique(expected)) > 4
    assert np.abs(np.rint(found / scale) - expected).max() <= tolerance


@pytest.mark.parametrize("weights_zero", [128, 90], ids=["symmetric", "asymmetric weights"])
@pytest.mark.parametrize("kind", ["uint8", "int8"])
def test_qlinear_convolution(kind: str, weights_zero: int) -> None:
    draft, rng = Draft(), np.random.default_rng(SEED)
    shift = 0 if kind == "uint8" else 128
    x = draft.input("x", (1, 3, 6, 6), getattr(TensorProto, kind.upper()))
    weights = (unsigned(4, 3, 3, 3).astype(np.int16) - shift).astype(kind)
    output = draft.node(
        "QLinearConv",
        x,
        *draft.scale(0.02, 100 - shift, kind),
        draft.constant(weights),
        *draft.scale(0.01, weights_zero - shift, kind),
        *draft.scale(0.09, 120 - shift, kind),
        draft.constant(rng.integers(-3000, 3000, 4).astype(np.int32)),
        pads=[1, 1, 1, 1],
    )
    model = draft.model(output, getattr(TensorProto, kind.upper()))
    data = (unsigned(1, 3, 6, 6).astype(np.int16) - shift).astype(kind)
    assert_same_codes(model, data, 0.09, 120 - shift)


@pytest.mark.parametrize("computed", [False, True], ids=["constant", "computed"])
def test_qlinear_product(computed: bool) -> None:
    draft = Draft()
    x = draft.input("x", (2, 5, 5), TensorProto.UINT8)
    other = x if computed else draft.constant(unsigned(5, 7))
    scales = draft.scale(0.02, 100, "uint8")
    output = draft.node(
        "QLinearMatMul", x, *scales, other, *scales, *draft.scale(0.05, 110, "uint8")
    )
    assert_same_codes(draft.model(output, TensorProto.UINT8), unsigned(2, 5, 5), 0.05, 110)


def test_qgemm() -> None:
    draft = Draft()
    x = draft.input("x", (4, 12), TensorProto.UINT8)
    output = draft.node(
        "QGemm",
        x,
        *draft.scale(0.02, 100, "uint8"),
        draft.constant(unsigned(6, 12)),
        *draft.scale(0.01, 128, "uint8"),
        draft.constant(np.arange(-300, 300, 100, dtype=np.int32)),
        *draft.scale(0.04, 131, "uint8"),
        domain=MICROSOFT,
        transB=1,
    )
    assert_same_codes(draft.model(output, TensorProto.UINT8), unsigned(4, 12), 0.04, 131)


@pytest.mark.parametrize("kind", ["QLinearAdd", "QLinearMul"])
def test_binary_operators(kind: str) -> None:
    draft = Draft()
    x = draft.input("x", (3, 8), TensorProto.UINT8)
    scales = draft.scale(0.02, 100, "uint8")
    inner = draft.node(
        "QLinearSigmoid", x, *scales, *draft.scale(1 / 256, 0, "uint8"), domain=MICROSOFT
    )
    output = draft.node(
        kind,
        x,
        *scales,
        inner,
        *draft.scale(1 / 256, 0, "uint8"),
        *draft.scale(0.03, 90, "uint8"),
        domain=MICROSOFT,
    )
    assert_same_codes(draft.model(output, TensorProto.UINT8), unsigned(3, 8), 0.03, 90)


def test_concat_of_other_scales() -> None:
    draft = Draft()
    x = draft.input("x", (3, 8), TensorProto.UINT8)
    scales = draft.scale(0.02, 100, "uint8")
    leaky = draft.node(
        "QLinearLeakyRelu",
        x,
        *scales,
        *draft.scale(0.015, 20, "uint8"),
        domain=MICROSOFT,
        alpha=0.1,
    )
    output = draft.node(
        "QLinearConcat",
        *draft.scale(0.025, 80, "uint8"),
        x,
        *scales,
        leaky,
        *draft.scale(0.015, 20, "uint8"),
        domain=MICROSOFT,
        axis=1,
    )
    assert_same_codes(draft.model(output, TensorProto.UINT8), unsigned(3, 8), 0.025, 80)


def test_global_average_pool() -> None:
    draft = Draft()
    x = draft.input("x", (2, 3, 5, 4), TensorProto.UINT8)
    output = draft.node(
        "QLinearGlobalAveragePool",
        x,
        *draft.scale(0.02, 100, "uint8"),
        *draft.scale(0.004, 80, "uint8"),
        domain=MICROSOFT,
    )
    assert_same_codes(draft.model(output, TensorProto.UINT8), unsigned(2, 3, 5, 4), 0.004, 80)


@pytest.mark.parametrize("kind", ["ConvInteger", "MatMulInteger"])
def test_integer_operators_are_exact(kind: str) -> None:
    draft = Draft()
    shape, weights = ((1, 2, 5, 5), (3, 2, 3, 3)) if kind == "ConvInteger" else ((4, 6), (6, 3))
    x = draft.input("x", shape, TensorProto.UINT8)
    zero = draft.constant(np.array(77, np.uint8))
    other = draft.constant(np.array(140, np.uint8))
    output = draft.node(kind, x, draft.constant(unsigned(*weights)), zero, other)
    assert_same_codes(draft.model(output, TensorProto.INT32), unsigned(*shape), 1.0, 0, 0)


def test_a_computed_scale_is_refused() -> None:
    draft = Draft()
    x = draft.input("x", (4, 4), TensorProto.UINT8)
    scale = draft.input("scale", ())
    zero = draft.constant(np.array(3, np.uint8))
    output = draft.node("DequantizeLinear", x, scale, zero)
    with pytest.raises(LoweringError, match="its scale is computed; it must be a constant"):
        lower(read_network(draft.model(output)))

"""NaN, infinities, signed zeros, large arguments and half precision, against ONNX's reference."""

import warnings
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from kernels.onnx.tolerant import BeyondFloat32, TolerantRunner, UnsupportedOperator
from tests.kernels.onnx.models import model

RUNNER = TolerantRunner()
NAN, INF = np.nan, np.inf


def f32(values: Any) -> Any:
    """Returns a float32 array."""
    return np.array(values, np.float32)


SPECIAL = np.array(
    [NAN, INF, -INF, 0.0, -0.0, 1, -1, 0.5, -2.5, 1e-7, 88.8, -88.8, 3e38, -3e38], np.float32
)


def single(
    operator: str, *arrays: Any, kind: int = TensorProto.FLOAT, outputs: int = 1, **attributes: Any
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """Returns a model of one node, and its inputs."""
    names = [f"x{at}" for at in range(len(arrays))]
    ports = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(each.dtype), each.shape)
        for name, each in zip(names, arrays, strict=True)
    ]
    ends = [f"y{at}" for at in range(outputs)]
    node = helper.make_node(operator, names, ends, **attributes)
    out = helper.make_tensor_value_info("y0", kind, None)
    return model([node], ports, [out]), dict(zip(names, arrays, strict=True))


def found(operator: str, *arrays: Any, **more: Any) -> Any:
    """Returns the node's first output, computed by WGSL."""
    content, inputs = single(operator, *arrays, **more)
    return RUNNER.run(content, inputs).outputs["y0"]


def compare(operator: str, *arrays: Any, rtol: float = 2e-6, **more: Any) -> None:
    """Compares a node with ONNX's reference, where denormal steps may give zero."""
    content, inputs = single(operator, *arrays, **more)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        results: Any = ReferenceEvaluator(content).run(None, inputs)
    wanted = results[0]
    got = RUNNER.run(content, inputs).outputs["y0"]
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=rtol, atol=1e-30)
    if got.dtype.kind == "f":
        zeros = (got == 0) & (wanted == 0)
        np.testing.assert_array_equal(np.signbit(got[zeros]), np.signbit(wanted[zeros]))


@pytest.mark.parametrize(
    "operator",
    [
        "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Cos", "Cosh",
        "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Mish",
        "Neg", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Sinh",
        "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu", "Shrink",
    ],
)  # fmt: skip
def test_special_values_of_one_tensor(operator: str) -> None:
    compare(operator, SPECIAL)


PAIRS = np.meshgrid(np.array([NAN, INF, -INF, 0, -0.0, 1, -1, 2.5, -3, 1e30], np.float32), [0] * 10)
LEFT, RIGHT = PAIRS[0].astype(np.float32), PAIRS[0].T.astype(np.float32)


@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min"])
def test_special_values_of_two_tensors(operator: str) -> None:
    compare(operator, LEFT, RIGHT)


def test_a_slope_multiplies_negative_values_alone() -> None:
    x, slope = f32([NAN, -INF, INF, -2, 3]), f32([2, 0, NAN, INF, NAN])
    np.testing.assert_array_equal(found("PRelu", x, slope), [NAN, NAN, INF, -INF, 3])


@pytest.mark.parametrize("operator", ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
def test_comparisons_with_nan_are_false(operator: str) -> None:
    compare(operator, LEFT, RIGHT, kind=TensorProto.BOOL)


@pytest.mark.parametrize(
    ("x", "y"), [(LEFT, RIGHT), (f32([3e38, 1e-3, 16777216]), f32([7, 3e-7, 3]))]
)
def test_remainders_are_those_of_c(x: Any, y: Any) -> None:
    compare("Mod", x, y, fmod=1)


@pytest.mark.parametrize(
    ("operator", "function"), [("Sin", np.sin), ("Cos", np.cos), ("Tan", np.tan)]
)
def test_angles_of_any_size_are_reduced_properly(operator: str, function: Any) -> None:
    generator = np.random.default_rng(0)
    bits = generator.integers(0, 0x7F800000, 4000, dtype=np.uint32)
    x = np.concatenate([bits.view(np.float32), f32([1e5, -123456.79, 1e10, 3.4e38])])
    wanted = function(x.astype(np.float64))
    np.testing.assert_allclose(found(operator, x), wanted, rtol=1e-6, atol=1e-7)


def test_powers_keep_their_precision_under_large_exponents() -> None:
    generator = np.random.default_rng(1)
    x = (1 + generator.standard_normal(2000) * 1e-3).astype(np.float32)
    y = (generator.standard_normal(2000) * 2e4).astype(np.float32)
    with np.errstate(over="ignore", under="ignore"):
        wanted = np.power(x.astype(np.float64), y.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(found("Pow", x, y), wanted, rtol=1e-6, atol=2.0**-126)


def test_powers_of_integers_are_exact_where_the_exponent_is_whole() -> None:
    x, y = np.array([2, 3, 3, -2, 10], np.int32), f32([0.7, 17, 2.6, 31, 9])
    compare("Pow", x, y, kind=TensorProto.INT32)


@pytest.mark.parametrize(
    "operator", ["ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean", "ReduceProd", "ReduceL1",
                 "ReduceL2", "ReduceLogSum", "ReduceSumSquare"],
)  # fmt: skip
def test_reductions_keep_nan_and_infinity(operator: str) -> None:
    x = f32([[NAN, 1, 2], [2, NAN, 1], [1, 2, NAN], [1, INF, 3], [1, -INF, INF], [0, 0, 0]])
    compare(operator, x, np.array([1]), keepdims=0)


def test_the_softmaxes_of_infinities() -> None:
    x = f32([[1, INF, 2], [-INF, -INF, -INF], [-INF, 1, 2], [NAN, 1, 2]])
    for operator in ("Softmax", "LogSoftmax", "Hardmax"):
        compare(operator, x)


@pytest.mark.parametrize("operator", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize("last", [0, 1])
def test_nan_is_the_extreme(operator: str, last: int) -> None:
    x = f32([[1, NAN, 3, NAN], [INF, -INF, INF, -INF], [0, -0.0, 0, -0.0]])
    attributes = {"axis": 1, "select_last_index": last}
    compare(operator, x, kind=TensorProto.INT64, **attributes)


def test_nan_is_the_largest_of_the_top() -> None:
    x = f32([[1, NAN, 3, 2, NAN], [-INF, 5, INF, -0.0, 0]])
    compare("TopK", x, np.array([3]), outputs=2)
    smallest = found("TopK", x, np.array([4]), outputs=2, largest=0)
    np.testing.assert_array_equal(smallest, [[1, 2, 3, NAN], [-INF, 0, 0, 5]])


@pytest.mark.parametrize(
    "kind", [TensorProto.BOOL, TensorProto.INT32, TensorProto.INT8, TensorProto.UINT8]
)
def test_casts_at_the_ends_of_integers(kind: int) -> None:
    x = f32([NAN, -0.0, 0.9, -0.9, 127.9, 2147483520.0, -2147483648.0, INF, -INF, 3e9])
    compare("Cast", x, kind=kind, to=kind)


def test_a_cast_to_uint32_keeps_the_upper_half() -> None:
    x = f32([4294967040.0, 2147483648.0, -1, 0.5])
    compare("Cast", x, kind=TensorProto.UINT32, to=TensorProto.UINT32)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_bounds_at_the_ends_of_64_bits_bound_nothing(dtype: Any) -> None:
    x, ends = np.array([3, 0, 5], dtype), np.iinfo(dtype)
    low, high = np.array(ends.min, dtype), np.array(ends.max, dtype)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    assert found("Clip", x, low, high, kind=kind).tolist() == [3, 0, 5]
    assert found("Clip", x, low, np.array(4, dtype), kind=kind).tolist() == [3, 0, 4]
    with pytest.raises(UnsupportedOperator, match="do not fit 32 bits"):
        found("Clip", x, np.array(1 << 40, dtype), high, kind=kind)


def test_half_precision_is_summed_in_float32() -> None:
    x = np.full((2, 5000), 100, np.float16)
    kind = TensorProto.FLOAT16
    axes = np.array([1])
    mean = found("ReduceMean", x, axes, kind=kind, keepdims=0)
    assert (mean.dtype, mean.tolist()) == (np.float16, [100, 100])
    norm = found("ReduceL2", x, axes, kind=kind, keepdims=0)
    np.testing.assert_allclose(norm, np.array([100 * 5000**0.5] * 2, np.float16), rtol=1e-3)
    assert found("ReduceSum", x, axes, kind=kind, keepdims=0).tolist() == [INF, INF]
    pooled = found("GlobalAveragePool", x.reshape(1, 2, 5000), kind=kind)
    assert pooled.reshape(-1).tolist() == [100, 100]


def test_whole_roots_are_exact() -> None:
    x = np.array([[65535, 0], [4095, 1], [65534, 65535 - 32768]], np.uint32)
    wanted = [int(sum(int(v) ** 2 for v in row) % 2**32) for row in x]
    roots = found("ReduceL2", x, np.array([1]), kind=TensorProto.UINT32, keepdims=0)
    assert roots.tolist() == [int(value**0.5) for value in wanted]


def test_a_quantised_nan_is_zero_and_infinities_saturate() -> None:
    x = f32([NAN, INF, -INF, 1])
    content, inputs = single("QuantizeLinear", x, f32(1), np.array(3, np.uint8), kind=2)
    assert RUNNER.run(content, inputs).outputs["y0"].tolist() == [0, 255, 0, 4]


def test_results_below_the_least_normal_number_may_be_zero() -> None:
    x = f32([-88, -100, -INF])
    assert np.all(found("Exp", x) <= 2.0**-126)


OPPOSITE = helper.make_node("Neg", ["x0"], ["n"])
INVERSE = helper.make_node("Reciprocal", ["x0"], ["n"])


@pytest.mark.parametrize("fusing", [True, False])
@pytest.mark.parametrize(
    ("nodes", "wanted"),
    [
        ([helper.make_node("Sub", ["x0", "x0"], ["y0"])], [NAN, NAN, NAN, 0, 0]),
        ([helper.make_node("Div", ["x0", "x0"], ["y0"])], [NAN, NAN, NAN, NAN, 1]),
        ([helper.make_node("Mul", ["x0", "zero"], ["y0"])], [NAN, NAN, NAN, 0, 0]),
        ([OPPOSITE, helper.make_node("Add", ["x0", "n"], ["y0"])], [NAN, NAN, NAN, 0, 0]),
        ([OPPOSITE, helper.make_node("Sum", ["n", "x0"], ["y0"])], [NAN, NAN, NAN, 0, 0]),
        ([INVERSE, helper.make_node("Mul", ["x0", "n"], ["y0"])], [NAN, NAN, NAN, NAN, 1]),
    ],
)
def test_a_compiler_takes_no_algebra_for_granted(
    nodes: list[onnx.NodeProto], wanted: list[float], fusing: bool
) -> None:
    x = f32([NAN, INF, -INF, 0, 3])
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0])
    port = helper.make_tensor_value_info("x0", TensorProto.FLOAT, [5])
    out = helper.make_tensor_value_info("y0", TensorProto.FLOAT, [5])
    content = model(nodes, [port], [out], [zero])
    outputs = TolerantRunner(fusing=fusing).run(content, {"x0": x}).outputs
    np.testing.assert_array_equal(outputs["y0"], wanted)


def test_cubic_samples_near_a_border_keep_their_place() -> None:
    x = f32([[[[1, 2, 4, 8]]]])
    grid = f32([[[[-0.8, 0], [-1.0, 0], [-1.2, 0], [0.9, 0]]]])
    kinds = {"mode": "cubic", "padding_mode": "border"}
    compare("GridSample", x, grid, rtol=1e-5, **kinds)


def test_a_pool_takes_any_number_before_nan() -> None:
    x = f32([[[NAN, NAN, 1, NAN, -INF, -INF]]])
    pooled = found("MaxPool", x, kernel_shape=[2])
    np.testing.assert_array_equal(pooled, [[[NAN, 1, 1, -INF, -INF]]])


@pytest.mark.parametrize("more", [{"dilations": [2]}, {"strides": [3]}])
def test_paddings_on_which_onnx_and_onnxruntime_disagree_are_refused(more: Any) -> None:
    with pytest.raises(UnsupportedOperator, match="is unclear; give pads"):
        found("AveragePool", f32([[[1, 2, 3]]]), kernel_shape=[1], auto_pad="SAME_UPPER", **more)


@pytest.mark.parametrize("how", ["max", "min", "add", "mul"])
def test_updates_treat_nan_as_the_reference_does(how: str) -> None:
    x, at, updates = f32([1, NAN, 3]), np.array([[0], [1], [2]]), f32([NAN, 5, INF])
    compare("ScatterND", x, at, updates, reduction=how)
    compare("ScatterElements", x, at.reshape(-1), updates, reduction=how)


def test_clip_without_a_bound_ends_at_the_types_own() -> None:
    x = f32([INF, -INF, NAN, 5])
    wide = float(np.finfo(np.float32).max)
    np.testing.assert_array_equal(found("Clip", x), f32([wide, -wide, NAN, 5]))
    most = float(np.finfo(np.float16).max)
    clipped = found("Clip", x.astype(np.float16), kind=TensorProto.FLOAT16)
    np.testing.assert_array_equal(clipped, np.array([most, -most, NAN, 5], np.float16))
    content, inputs = single("Clip", x)
    content.graph.node[0].input.extend(["", "high"])
    content.graph.initializer.append(helper.make_tensor("high", TensorProto.FLOAT, [], [3.0]))
    outputs = RUNNER.run(content, inputs).outputs
    np.testing.assert_array_equal(outputs["y0"], f32([3, -wide, NAN, 3]))


def test_float64_runs_as_float32_where_that_cannot_matter() -> None:
    x = np.array([1.5, 0.1, -3])
    kind = TensorProto.DOUBLE
    halves = found("Div", x, np.array([2.0]), kind=kind)
    assert halves.dtype == np.float64
    np.testing.assert_allclose(halves, x / 2, rtol=1e-7)
    assert found("Floor", np.array([1.5, -0.5]), kind=kind).tolist() == [1, -1]
    for operator, arrays, why in (
        ("Floor", (x,), "its rounding could change this operator's result"),
        ("Neg", (np.array([1e39]),), "float32 does not hold the values"),
        ("Neg", (np.array([16777217.0]),), "float32 does not hold the values"),
        ("Neg", (np.array([1e-40]),), "float32 does not hold the values"),
    ):
        with pytest.raises(UnsupportedOperator, match=why):
            found(operator, *arrays, kind=kind)
    with pytest.raises(UnsupportedOperator, match="integers above 2"):
        found("Cast", np.array([1], np.int32), kind=kind, to=kind)


def test_a_float64_result_beyond_float32_is_refused() -> None:
    with pytest.raises(BeyondFloat32, match="beyond float32"):
        found("Mul", np.array([2.0**100]), np.array([2.0**100]), kind=TensorProto.DOUBLE)

"""Graphs in QDQ form differ from onnxruntime by at most one unit in the last place."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from kernels.onnx.exact import LoweringError, lower, read_network
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import Draft, assert_near

RNG_SEED = 7
IN_SCALE, IN_ZERO = 0.031, 117
OUT_SCALE, OUT_ZERO = 0.047, 121


def real(*shape: int, seed: int = RNG_SEED) -> Array:
    return np.random.default_rng(seed).normal(0, 1.5, shape).astype(np.float32)


def codes(*shape: int, seed: int = RNG_SEED) -> Array:
    return np.random.default_rng(seed).integers(-127, 128, shape)


def spread(count: int) -> Array:
    return np.linspace(0.002, 0.02, count)


def conv(draft: Draft, x: str, **attributes: Any) -> str:
    groups = int(attributes.get("group", 1))
    weights = draft.weights(codes(6, 6 // groups, 3, 3), spread(6) / 4)
    bias = draft.weights(codes(6), np.array(0.01))
    return draft.node("Conv", x, weights, bias, **attributes)


IMAGES: dict[str, Callable[[Draft, str], str]] = {
    "convolution": lambda d, x: conv(d, x, pads=[1, 1, 1, 1]),
    "strided convolution": lambda d, x: conv(d, x, strides=[2, 1], dilations=[1, 2]),
    "same padding": lambda d, x: conv(d, x, auto_pad="SAME_UPPER", strides=[2, 2]),
    "depthwise": lambda d, x: conv(d, x, group=6, pads=[1, 0, 1, 2]),
    "grouped": lambda d, x: conv(d, x, group=2),
    "convolution and relu": lambda d, x: d.node("Relu", conv(d, x)),
    "convolution and clip": lambda d, x: d.node(
        "Clip", conv(d, x), d.constant(np.float32(-1)), d.constant(np.float32(2))
    ),
    "max pool": lambda d, x: d.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]),
    "average pool": lambda d, x: d.node("AveragePool", x, kernel_shape=[3, 2], strides=[1, 2]),
    "global average pool": lambda d, x: d.node("GlobalAveragePool", x),
    "mean": lambda d, x: d.node("ReduceMean", x, d.constant(np.array([1, 3])), keepdims=0),
    "sum of channels": lambda d, x: d.node("ReduceSum", x, d.constant(np.array([1]))),
    "flatten after convolution": lambda d, x: d.node("Flatten", conv(d, x)),
    "channels last": lambda d, x: d.node("Transpose", conv(d, x), perm=[0, 2, 3, 1]),
    "channel weights": lambda d, x: d.node("Mul", x, d.weights(codes(6, 1, 1), np.array(0.01))),
    "channel offsets": lambda d, x: d.node("Add", x, d.weights(codes(6, 1, 1), np.array(0.01))),
}


@pytest.mark.parametrize("name", IMAGES)
def test_an_operator_on_images(name: str) -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (2, 6, 7, 8)), IN_SCALE, IN_ZERO)
    output = draft.quantised(IMAGES[name](draft, x), OUT_SCALE, OUT_ZERO)
    assert_near(draft.model(output), {"x": real(2, 6, 7, 8)}, OUT_SCALE)


def dense(draft: Draft, x: str) -> str:
    product = draft.node("MatMul", x, draft.weights(codes(16, 9), spread(9), axis=1))
    return draft.node("Add", product, draft.weights(codes(9), np.array(0.02)))


def gemm(draft: Draft, x: str) -> str:
    flat = draft.node("Reshape", x, draft.constant(np.array([-1, 16])))
    weights = draft.weights(codes(9, 16), spread(9))
    return draft.node("Gemm", flat, weights, draft.weights(codes(9), np.array(0.02)), transB=1)


def attention(draft: Draft, x: str) -> str:
    turned = draft.node("Transpose", x, perm=[0, 2, 1])
    scores = draft.quantised(draft.node("MatMul", x, turned), 0.6, 30)
    shares = draft.quantised(draft.node("Softmax", scores, axis=-1), 1 / 256, 0)
    return draft.node("MatMul", shares, x)


def normal(draft: Draft, x: str) -> str:
    gamma, beta = draft.constant(real(16, seed=1)), draft.constant(real(16, seed=2))
    return draft.node("LayerNormalization", x, gamma, beta, axis=-1, epsilon=1e-12)


def heads(draft: Draft, x: str) -> str:
    parts = draft.node("Reshape", x, draft.constant(np.array([0, 5, 4, 4])))
    moved = draft.node("Transpose", parts, perm=[0, 2, 1, 3])
    return draft.node("Relu", moved)


def sliced(draft: Draft, x: str) -> str:
    bounds = [draft.constant(np.array(each)) for each in ([1, 2], [5, 15], [1, 2], [2, 3])]
    return draft.node("Slice", x, *bounds)


def joined(draft: Draft, x: str) -> str:
    other = draft.quantised(draft.node("Sigmoid", x), 1 / 255, 0)
    return draft.node("Concat", x, other, axis=1)


ROWS: dict[str, Callable[[Draft, str], str]] = {
    "product and bias": dense,
    "Gemm": gemm,
    "attention": attention,
    "layer norm": normal,
    "heads": heads,
    "slice": sliced,
    "concat": joined,
    "softmax": lambda d, x: d.node("Softmax", x, axis=-1),
    "softmax, then another scale": lambda d, x: d.node("Softmax", x, axis=-1),
    "Gelu": lambda d, x: d.node("Gelu", x),
    "Gelu by tanh": lambda d, x: d.node("Gelu", x, approximate="tanh"),
    "Tanh": lambda d, x: d.node("Tanh", x),
    "Exp": lambda d, x: d.node("Exp", d.node("Clip", x, "", d.constant(np.float32(1)))),
    "HardSwish": lambda d, x: d.node("HardSwish", x),
    "LeakyRelu": lambda d, x: d.node("LeakyRelu", x, alpha=0.1),
    "Relu6": lambda d, x: d.node("Clip", x, d.constant(np.float32(0)), d.constant(np.float32(6))),
    "square": lambda d, x: d.node("Pow", x, d.constant(np.float32(2))),
    "half": lambda d, x: d.node("Div", x, d.constant(np.float32(2))),
    "less one": lambda d, x: d.node("Sub", x, d.constant(np.float32(1))),
    "sum": lambda d, x: d.node("Add", x, d.quantised(d.node("Tanh", x), 1 / 127, 128)),
    "difference": lambda d, x: d.node("Sub", x, d.quantised(d.node("Tanh", x), 1 / 127, 128)),
    "broadcast sum": lambda d, x: d.node("Add", x, row(d, x)),
    "product of two": lambda d, x: d.node("Mul", x, d.quantised(d.node("Tanh", x), 1 / 127, 128)),
    "broadcast product": lambda d, x: d.node("Mul", x, row(d, x)),
    "first row": lambda d, x: d.node("Gather", x, d.constant(np.array(0)), axis=1),
}


def row(draft: Draft, x: str) -> str:
    mean = draft.node("ReduceMean", x, draft.constant(np.array([1])), keepdims=1)
    return draft.quantised(mean, 0.02, 120)


@pytest.mark.parametrize("name", ROWS)
def test_an_operator_on_rows(name: str) -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (2, 5, 16)), IN_SCALE, IN_ZERO)
    scale, zero = (1 / 256, 0) if name == "softmax" else (OUT_SCALE, OUT_ZERO)
    output = draft.quantised(ROWS[name](draft, x), scale, zero)
    assert_near(draft.model(output), {"x": real(2, 5, 16)}, scale)


def test_int8_activations_and_the_result_as_stored() -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (3, 16)), 0.04, -5, "int8")
    output = draft.quantised(dense(draft, x), 0.2, 3, "int8")
    lowered = assert_near(draft.model(output), {"x": real(3, 16)}, 0.2)
    assert lowered.interface.output.scale == pytest.approx(0.2)
    assert lowered.interface.output.zero_point == 3


def test_a_table_of_words_by_number() -> None:
    draft = Draft()
    ids = draft.input("ids", (2, 3), TensorProto.INT64)
    table = draft.weights(codes(11, 16), np.array(0.01))
    output = draft.quantised(draft.node("Gather", table, ids), 0.01, 0, "int8")
    feeds = {"ids": np.array([[0, 10, 3], [7, 7, 1]])}
    lowered = assert_near(draft.model(output), feeds, 0.01)
    assert lowered.interface.inputs[0].job_shape == (1, 2, 3, 1)


def test_a_long_sum_is_split() -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (2, 9_000)), IN_SCALE, IN_ZERO)
    weights = draft.weights(codes(9_000, 4), np.array(0.001), axis=1)
    output = draft.quantised(draft.node("MatMul", x, weights), 0.3, 128)
    lowered = assert_near(draft.model(output), {"x": real(2, 9_000)}, 0.3)
    products = [each.opcode.name for each in lowered.graph.descriptors].count("MATMUL")
    assert products == 3


def test_a_deep_image_is_split_by_channels() -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 512, 4, 4)), IN_SCALE, IN_ZERO)
    weights = draft.weights(codes(3, 512, 3, 3), np.array(0.0005))
    output = draft.quantised(draft.node("Conv", x, weights), 0.2, 128)
    lowered = assert_near(draft.model(output), {"x": real(1, 512, 4, 4)}, 0.2)
    assert [each.opcode.name for each in lowered.graph.descriptors].count("CONVOLUTION") == 2


def _dynamic(draft: Draft, x: str) -> str:
    draft.nodes.append(
        helper.make_node("DynamicQuantizeLinear", [x], ["q", "s", "z"], name="dynamic")
    )
    return draft.node("DequantizeLinear", "q", "s", "z")


REFUSED: dict[str, tuple[Callable[[Draft, str], str], str]] = {
    "scales from data": (
        _dynamic,
        "input 'x': has no scale; quantise it (QuantizeLinear), or use "
        "`neurolov model quantise` with a calibration set",
    ),
    "an unknown operator": (
        lambda d, x: d.node("Det", quantised_input(d, x)),
        "no exact form; leave it out of the exported graph, or run the float model as a "
        "tolerant job",
    ),
    "no scale": (
        lambda d, x: d.node("Tanh", d.node("Relu", d.node("MatMul", quantised_input(d, x), w(d)))),
        "input 'relu",
    ),
    "cubic resizing": (
        lambda d, x: d.node(
            "Resize",
            quantised_input(d, x),
            "",
            d.constant(np.array([1, 2], np.float32)),
            mode="cubic",
        ),
        "mode 'cubic' with 'half_pixel' has no exact form; use nearest or linear",
    ),
}


def quantised_input(draft: Draft, x: str) -> str:
    return draft.quantised(x, IN_SCALE, IN_ZERO)


def w(draft: Draft) -> str:
    return draft.weights(codes(4, 4), np.array(0.01), axis=1)


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_exact_form_is_named(name: str) -> None:
    build, message = REFUSED[name]
    draft = Draft()
    output = build(draft, draft.input("x", (4, 4)))
    with pytest.raises(LoweringError) as caught:
        lower(read_network(draft.model(output)))
    assert message in str(caught.value)


def test_an_axis_without_a_size_is_refused_or_given() -> None:
    draft = Draft()
    draft.inputs.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 16]))
    output = draft.quantised(dense(draft, draft.quantised("x", 0.03, 128)), 0.2, 128)
    model = draft.model(output)
    with pytest.raises(LoweringError, match="an axis has no fixed size; give every axis a size"):
        read_network(model)
    assert lower(read_network(model, {"x": (3, 16)})).interface.inputs[0].shape == (3, 16)


def _added(kind: int) -> onnx.ModelProto:
    draft = Draft()
    x = draft.input("x", (2, 4), kind)
    return draft.model(draft.node("Add", x, x), kind)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (TensorProto.FLOAT, "input 'x': has no scale; quantise it"),
        (TensorProto.INT8, "input 'x': has no scale; quantise it"),
        (TensorProto.INT64, "input 'x': integers are read only as indices of Gather"),
    ],
)
def test_an_input_without_a_scale_is_never_rounded(kind: int, message: str) -> None:
    with pytest.raises(LoweringError) as caught:
        lower(read_network(_added(kind)))
    assert str(caught.value).startswith(message)

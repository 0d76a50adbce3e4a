"""Biases, sums and windows at the limits of int32 and of the referee."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from kernels.graph import Graph
from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import LoweringError, lower, read_network
from kernels.onnx.exact.operators.weights import fitted, kernel
from kernels.onnx.quantisation import quantise
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import Draft, assert_near, reference

SHARED = Path(__file__).parents[5] / "shared" / "cases" / "onnx"
RUNS = 16


def real(*shape: int, seed: int = 5) -> Array:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def gemm(*bias: int) -> onnx.ModelProto:
    draft = Draft()
    names = [draft.constant(real(5, 4, seed=1)), draft.constant(4 * real(*bias, seed=2))]
    return draft.model(draft.node("Gemm", draft.input("x", (2, 4)), *names, transB=1))


def tiny_weights() -> onnx.ModelProto:
    draft = Draft()
    weights = np.array([0.125, 1e-10], np.float32).reshape(2, 1, 1, 1)
    names = [draft.constant(weights), draft.constant(np.array([5, -4.5], np.float32))]
    return draft.model(draft.node("Conv", draft.input("x", (1, 1, 4, 4)), *names))


def dead_channel() -> onnx.ModelProto:
    draft = Draft()
    x = draft.input("x", (1, 2, 5, 5))
    conv = draft.node("Conv", x, draft.constant(real(3, 2, 3, 3, seed=1)), pads=[1, 1, 1, 1])
    numbers = ([1, 1e-9, 0.7], [0.1, 3, 0.2], [1.7, -1.4, -0.8], [1.6, 0.7, 0.6])
    names = [draft.constant(np.array(each, np.float32)) for each in numbers]
    return draft.model(draft.node("Relu", draft.node("BatchNormalization", conv, *names)))


def zero_weights() -> onnx.ModelProto:
    draft = Draft()
    weights = real(3, 2, 3, 3, seed=1)
    weights[1] = 0
    names = [draft.constant(weights), draft.constant(np.array([0.1, 0.37, 0], np.float32))]
    return draft.model(draft.node("Conv", draft.input("x", (1, 2, 5, 5)), *names))


def depthwise() -> onnx.ModelProto:
    draft = Draft()
    weights = draft.constant(real(3, 1, 5, 5, seed=1))
    x = draft.input("x", (1, 3, 7, 7))
    return draft.model(draft.node("Conv", x, weights, group=3, pads=[2, 2, 2, 2]))


def pool() -> onnx.ModelProto:
    draft = Draft()
    x = draft.input("x", (1, 2, 5, 6))
    return draft.model(
        draft.node(
            "MaxPool", x, kernel_shape=[3, 3], strides=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1
        )
    )


# Each is the graph of a file of the same name that is found beside the repository.
FLOATS: dict[str, Callable[[], onnx.ModelProto]] = {
    "q_gemm_2dbias": lambda: gemm(2, 5),
    "q_gemm_rowbias": lambda: gemm(2, 1),
    "q_conv_tinyweight_bias": tiny_weights,
    "q_conv_bn_dead": dead_channel,
    "q_conv_dw5x5": depthwise,
    "q_maxpool_ceil_pad": pool,
}
STEPS = 3.0


def assert_close(model: onnx.ModelProto, samples: Array, x: Array) -> Graph:
    """Checks that every element is within three steps of 1/255 of the result's range."""
    name = model.graph.input[0].name
    lowered = quantise(model, {name: samples})
    outputs = NumpyExecutor().execute(lowered.graph, lowered.interface.encode({name: x}))
    found, expected = lowered.interface.decode(outputs[-1]), reference(model, {name: x})
    assert found.shape == expected.shape
    span = max(expected.max(), 0) - min(expected.min(), 0)
    assert np.abs(found - expected).max() <= STEPS * span / 255
    return lowered.graph


@pytest.mark.parametrize("name", [*FLOATS, "zero weights"])
def test_a_float_graph_is_within_three_steps(name: str) -> None:
    model = FLOATS[name]() if name in FLOATS else zero_weights()
    sizes = [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim]
    samples = np.clip(real(32 * sizes[0], *sizes[1:]), -2, 2)
    assert_close(model, samples, samples[: sizes[0]])


@pytest.mark.skipif(not SHARED.is_dir(), reason="no cases beside the repository")
@pytest.mark.parametrize("name", FLOATS)
def test_a_case_beside_the_repository(name: str) -> None:
    model = onnx.load(SHARED / f"{name}.onnx")
    arrays = [np.load(SHARED / f"{name}.{part}.npz")["x"] for part in ("cal", "in")]
    assert_close(model, *arrays)


def test_a_channel_of_zeros_keeps_its_bias() -> None:
    """A unit of 1 would round a bias of 0.37 away."""
    model = zero_weights()
    samples = np.clip(real(32, 2, 5, 5), -2, 2)
    lowered = quantise(model, {"x": samples})
    outputs = NumpyExecutor().execute(lowered.graph, lowered.interface.encode({"x": samples[:1]}))
    found = lowered.interface.decode(outputs[-1])[0]
    step = float(np.max(lowered.interface.output.scale))
    np.testing.assert_allclose(found[1], 0.37, atol=step)
    expected = reference(model, {"x": samples[:1]})[0]
    np.testing.assert_allclose(found[2], expected[2], atol=0.2)


@pytest.mark.parametrize("bias", [0.0, 1e3, -1e12])
def test_weights_are_coarser_only_where_int32_is_exceeded(bias: float) -> None:
    weights = kernel(np.array([[0.5, -0.25], [1e-4, 1e-4]]), 0)
    found = fitted(weights, np.array([bias, 1.0]), 0.01, 3)
    assert found.scale[1] == weights.scale[1]
    np.testing.assert_array_equal(found.values[1], weights.values[1])
    limit = np.abs(bias) / (found.scale[0] * 0.01)
    assert limit <= 2.0**30 * 1.01
    assert (found.scale[0] == weights.scale[0]) == (bias == 0.0 or limit < 2.0**29)


def test_a_quantised_bias_beyond_int32_coarsens_its_channel() -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 2, 5, 5)), 0.02, 128)
    codes = np.random.default_rng(1).integers(-127, 128, (3, 2, 3, 3))
    weights = draft.weights(codes, np.array([1e-3, 1e-9, 1e-3]))
    bias = draft.weights(np.array([3, 100, -5]), np.array(0.04))
    output = draft.quantised(draft.node("Conv", x, weights, bias), 0.02, 60)
    assert_near(draft.model(output), {"x": real(1, 2, 5, 5)}, 0.02)


def test_a_long_sum_of_large_weights_never_wraps() -> None:
    draft = Draft()
    terms = 80_000
    x = draft.quantised(draft.input("x", (1, terms)), 1 / 255, 0)
    weights = draft.weights(np.full((terms, 2), 127) * [1, -1], np.array(1e-4), axis=1)
    output = draft.quantised(draft.node("MatMul", x, weights), 10.0, 128)
    data = np.random.default_rng(3).uniform(0.8, 1, (1, terms)).astype(np.float32)
    assert_near(draft.model(output), {"x": data}, 10.0)


def test_a_window_is_divided_into_the_fewest_parts_that_the_referee_reads() -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 4, 9, 9)), 0.03, 120)
    weights = draft.weights(np.arange(100).reshape(4, 1, 5, 5) - 50, np.array(0.01))
    conv = draft.node("Conv", x, weights, group=4, pads=[2, 2, 2, 2])
    output = draft.quantised(conv, 0.1, 128)
    lowered = assert_near(draft.model(output), {"x": real(1, 4, 9, 9)}, 0.1)
    names = [each.opcode.name for each in lowered.graph.descriptors]
    assert names.count("DEPTHWISE") == 2
    assert names.count("ADD") == 1


def test_a_wide_image_is_divided_without_a_copy() -> None:
    """A 3 × 3 window over 512 channels exceeds the operand bytes; its rows are divided."""
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 512, 4, 4)), 0.031, 117)
    codes = np.random.default_rng(1).integers(-127, 128, (3, 512, 3, 3))
    weights = draft.weights(codes, np.array(0.0005))
    output = draft.quantised(draft.node("Conv", x, weights, pads=[1, 1, 1, 1]), 0.2, 128)
    lowered = assert_near(draft.model(output), {"x": real(1, 512, 4, 4)}, 0.2)
    names = [each.opcode.name for each in lowered.graph.descriptors]
    assert names[:4] == ["AS_STRIDED", "CONVOLUTION", "CONVOLUTION", "ADD"]


def refused(draft: Draft, output: str) -> str:
    with pytest.raises(LoweringError) as caught:
        lower(read_network(draft.model(output)))
    return str(caught.value)


def test_a_window_that_needs_too_many_operators_is_refused() -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 2, 40, 40)), 0.03, 120)
    weights = draft.weights(np.ones((2, 1, 30, 30)), np.array(0.01))
    assert refused(draft, draft.node("Conv", x, weights, group=2)) == (
        "Conv 'conv9': a window of 900 taps over 2 channels needs more than 32 operators; write it "
        "as a chain of smaller windows"
    )


def test_all_nodes_without_an_exact_form_are_named_at_once() -> None:
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 4, 4)), 0.03, 120)
    first = draft.node("CumSum", x, draft.constant(np.array(1)))
    second = draft.node("Det", x)
    third = draft.node("Relu", first)
    message = refused(draft, draft.node("Add", third, second))
    assert [line.split(":")[0] for line in message.splitlines()] == [
        f"CumSum '{first}'",
        f"Det '{second}'",
    ]


def second_output(draft: Draft, x: str) -> str:
    output = draft.node("MaxPool", x, kernel_shape=[2, 2])
    draft.nodes[-1].output.append("places")
    draft.nodes.append(onnx.helper.make_node("Cast", ["places"], ["real"], name="cast", to=1))
    return draft.node("Add", output, "real")


REFUSALS: dict[str, tuple[Callable[[Draft, str], str], str]] = {
    "positions of maxima": (
        second_output,
        "the positions of maxima have no exact form",
    ),
    "a window in the padding": (
        lambda d, x: d.node(
            "AveragePool", x, kernel_shape=[2, 1], dilations=[5, 1], pads=[1, 0, 1, 0]
        ),
        "a window lies in the padding alone, so its mean is 0 / 0",
    ),
    "a mean that steps over the image": (
        lambda d, x: d.node(
            "AveragePool", x, kernel_shape=[1, 1], strides=[4, 4], auto_pad="SAME_UPPER"
        ),
        "SAME_UPPER with a stride of 4 beyond the window; set the pads",
    ),
    "reflection beyond the axis": (
        lambda d, x: d.node(
            "Pad", x, d.constant(np.array([0, 0, 4, 0, 0, 0, 0, 0])), mode="reflect"
        ),
        "pads (4, 0) exceed an axis of 4",
    ),
    "a pad beyond the scale": (
        lambda d, x: d.node(
            "Pad",
            x,
            d.constant(np.array([0, 0, 1, 0, 0, 0, 0, 0])),
            d.constant(np.float32(1e9)),
        ),
        "the constant 1000000000.0 is outside of what its input's scale can hold",
    ),
    "crop and resize": (
        lambda d, x: d.node(
            "Resize",
            x,
            d.constant(np.array([0, 0, 0, 0, 1, 1, 1, 1], np.float32)),
            d.constant(np.array([1, 1, 2, 2], np.float32)),
            coordinate_transformation_mode="tf_crop_and_resize",
        ),
        "mode 'nearest' with 'tf_crop_and_resize' has no exact form",
    ),
    "an empty slice": (
        lambda d, x: d.node("Slice", x, *(d.constant(np.array([each])) for each in (3, 1, 2, 1))),
        "selects nothing; leave it out of the exported graph",
    ),
    "a position outside": (
        lambda d, x: d.node("Gather", x, d.constant(np.array([0, 4, 1])), axis=2),
        "a position outside of an axis of 4",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_has_no_exact_form_is_refused(name: str) -> None:
    build, message = REFUSALS[name]
    draft = Draft()
    x = draft.quantised(draft.input("x", (1, 2, 4, 4)), 0.03, 120)
    assert message in refused(draft, build(draft, x))

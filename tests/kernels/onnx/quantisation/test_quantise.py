"""Float networks and a calibration set give exact graphs near the float results."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import Interface, InterfaceError, LoweringError
from kernels.onnx.quantisation import CalibrationError, Options, observe, quantise
from kernels.runtime import GpuExecutor
from kernels.trace.layout import Array
from tests.kernels.onnx.digits import images, network, samples
from tests.kernels.onnx.exact.quantised import Draft, reference


def real(*shape: int, seed: int = 5) -> Array:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def block(length: int = 6, width: int = 32) -> onnx.ModelProto:
    """Returns a transformer's feed-forward block with a residual stream and one outlier channel."""
    draft = Draft()
    x = draft.input("x", (2, length, width))
    grown = draft.constant(np.where(np.arange(width) == 3, 20.0, 1.0).astype(np.float32))
    x = draft.node("Mul", x, grown)
    wide = draft.node("MatMul", x, draft.constant(real(width, 4 * width, seed=1) / 6))
    wide = draft.node("Add", wide, draft.constant(real(4 * width, seed=2)))
    active = draft.node("Gelu", wide)
    narrow = draft.node("MatMul", active, draft.constant(real(4 * width, width, seed=3) / 10))
    total = draft.node("Add", narrow, x)
    gamma, beta = draft.constant(real(width, seed=8)), draft.constant(real(width, seed=9))
    return draft.model(draft.node("LayerNormalization", total, gamma, beta, epsilon=1e-12))


def error_of(model: onnx.ModelProto, x: Array, options: Options | None = None) -> float:
    lowered = quantise(model, {"x": x}, options)
    inputs = lowered.interface.encode({"x": x[:2]})
    found = lowered.interface.decode(NumpyExecutor().execute(lowered.graph, inputs)[-1])
    expected = reference(model, {"x": x[:2]})
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def test_a_block_is_near_the_float_one_on_every_adapter(gpu: GpuExecutor) -> None:
    model, x = block(), real(8, 6, 32)
    assert error_of(model, x) < 0.03
    lowered = quantise(model, {"x": x})
    inputs = lowered.interface.encode({"x": x[:2]})
    right = NumpyExecutor().execute(lowered.graph, inputs)
    for expected, output in zip(right, gpu.execute(lowered.graph, inputs), strict=True):
        np.testing.assert_array_equal(output, expected)


def test_every_option_changes_the_graph_and_keeps_it_near() -> None:
    model, x = block(), real(8, 6, 32)
    roots = set()
    for options in (
        Options(),
        Options(percentile=99.9),
        Options(symmetric=True),
        Options(smoothing=0.0),
    ):
        roots.add(quantise(model, {"x": x}, options).graph.spec_root)
        assert error_of(model, x, options) < 0.2
    assert len(roots) == 4


def test_digits_survive_quantisation() -> None:
    x, labels = images()
    lowered = quantise(network(), {"x": samples()})
    inputs = lowered.interface.encode({"x": x})
    found = lowered.interface.decode(NumpyExecutor().execute(lowered.graph, inputs)[-1])
    expected = reference(network(), {"x": x})
    assert np.mean(found.argmax(axis=1) == expected.argmax(axis=1)) >= 0.98
    assert np.mean(found.argmax(axis=1) == labels) >= 0.9


def test_batch_norm_is_folded_and_an_open_batch_takes_all_samples() -> None:
    draft = Draft()
    draft.inputs.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 5, 5]))
    c = draft.node("Conv", "x", draft.constant(real(4, 3, 3, 3, seed=1)))
    numbers = [draft.constant(np.abs(real(4, seed=seed)) + 0.5) for seed in range(4)]
    output = draft.node("Relu", draft.node("BatchNormalization", c, *numbers))
    model, x = draft.model(output), real(4, 3, 5, 5)
    lowered = quantise(model, {"x": x})
    inputs = lowered.interface.encode({"x": x})
    found = lowered.interface.decode(NumpyExecutor().execute(lowered.graph, inputs)[-1])
    expected = reference(model, {"x": x})
    assert np.abs(found - expected).max() <= 0.03 * np.abs(expected).max()


def test_ranges_are_those_of_the_samples() -> None:
    draft = Draft()
    output = draft.node("Add", draft.input("x", (1, 4)), draft.constant(np.float32(2)))
    x = np.array([[0, 1, 2, 3], [-4, 0, 0, 9]], np.float32)
    ranges = observe(draft.model(output), {"x": x})
    assert ranges.extremes == {"x": (-4.0, 9.0), output: (-2.0, 11.0)}
    assert ranges.whole == frozenset()
    narrow = observe(draft.model(output), {"x": x}, percentile=75.0)
    assert narrow.quantiles["x"] == (-1.0, 2.25)
    assert narrow.extremes == ranges.extremes


WRONG = {
    "no array": ({}, "the calibration set has no array x; it holds nothing"),
    "axes": ({"x": real(4, 32)}, "calibration array 'x' has 2 axes, the input 3"),
    "shape": (
        {"x": real(4, 6, 31)},
        "calibration array 'x' is (4, 6, 31); expected a multiple of 2 along the first axis of "
        "(2, 6, 32)",
    ),
    "half a batch": (
        {"x": real(3, 6, 32)},
        "calibration array 'x' is (3, 6, 32); expected a multiple of 2 along the first axis of "
        "(2, 6, 32)",
    ),
    "not finite": ({"x": np.full((2, 6, 32), np.inf, np.float32)}, "tensor 'x' is not finite"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_calibration_set_that_does_not_fit(name: str) -> None:
    arrays, message = WRONG[name]
    with pytest.raises(CalibrationError) as caught:
        quantise(block(), arrays)
    assert str(caught.value).startswith(message)


def test_a_node_without_an_exact_form_is_named() -> None:
    draft = Draft()
    output = draft.node("CumSum", draft.input("x", (2, 4)), draft.constant(np.array(1)))
    with pytest.raises(LoweringError, match=r"^CumSum 'cumsum"):
        quantise(draft.model(output), {"x": real(2, 4)})


def test_the_interface_survives_its_file_and_checks_what_it_gets() -> None:
    interface = quantise(block(), {"x": real(4, 6, 32)}).interface
    assert Interface.of_json(interface.as_json()) == interface
    with pytest.raises(InterfaceError, match="no value for the inputs x"):
        interface.encode({})
    with pytest.raises(InterfaceError, match="'x' is \\(2, 6\\), expected \\(2, 6, 32\\)"):
        interface.encode({"x": real(2, 6)})
    with pytest.raises(InterfaceError, match="not the description of a model's tensors"):
        Interface.of_json({"version": 1, "inputs": []})
    other = replace(interface.output, scale=[0.5, 2.0], job_shape=(1, 1, 1, 2), shape=(2,))
    np.testing.assert_array_equal(
        other.decode(np.array([3, 3])), [1.5, 6.0] - np.array([0.5, 2]) * other.zero_point
    )

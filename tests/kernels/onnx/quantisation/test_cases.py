"""Exact graphs that were wrong without a word are right now, or refused by name."""

import numpy as np
import onnx
import pytest

from kernels.graph.reference import execute
from kernels.onnx.exact import Lowered, LoweringError
from kernels.onnx.quantisation import CalibrationError, fit, quantise, report_on_float, split
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import reference
from tests.kernels.onnx.quantisation.cases import CASES, SHARED, normal, parsed

MISMATCH = "the calibration arrays hold different numbers of samples: 'x' has 8, 'z' has 4"


def result(lowered: Lowered, feeds: dict[str, Array]) -> Array:
    return lowered.interface.decode(execute(lowered.graph, lowered.interface.encode(feeds))[-1])


def assert_sound(model: onnx.ModelProto, samples: dict[str, Array], least_db: float) -> Lowered:
    """Checks that the exact graph is near the model on samples that it was not calibrated on."""
    parts = split(fit(model, samples))
    assert not parts.kept
    lowered = quantise(model, parts.calibration)
    report = report_on_float(model, lowered, parts, execute)
    assert report.faults == ()
    (accuracy,) = report.outputs
    assert accuracy.snr_db >= least_db
    return lowered


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_right(name: str) -> None:
    case = CASES[name]()
    found = result(quantise(case.model, case.calibration), case.inputs)
    np.testing.assert_allclose(found, case.right, atol=0.02)
    assert_sound(case.model, case.calibration, 30)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the files of the cases are not here")
@pytest.mark.parametrize("name", CASES)
def test_a_case_as_a_file_is_right(name: str) -> None:
    model = onnx.load(SHARED / f"{name}.onnx")
    calibration = dict(np.load(SHARED / f"{name}.cal.npz"))
    inputs = dict(np.load(SHARED / f"{name}.in.npz"))
    found = result(quantise(model, calibration), inputs)
    np.testing.assert_allclose(found, CASES[name]().right, atol=0.02)
    np.testing.assert_allclose(found, reference(model, inputs), atol=0.02)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the files of the cases are not here")
def test_the_files_of_samples_that_do_not_fit() -> None:
    model = onnx.load(SHARED / "cal_mismatch.onnx")
    with pytest.raises(CalibrationError) as caught:
        fit(model, dict(np.load(SHARED / "cal_mismatch.cal.npz")))
    assert str(caught.value) == MISMATCH
    open_model = onnx.load(SHARED / "shape_ignored.onnx")
    calibration = dict(np.load(SHARED / "shape_ignored.cal.npz"))
    lowered = quantise(open_model, fit(open_model, calibration, {"x": (1, 3)}))
    assert lowered.interface.inputs[0].shape == (1, 3)
    inputs = dict(np.load(SHARED / "shape_ignored.in.npz"))
    np.testing.assert_allclose(result(lowered, inputs), [[1, 1, 1]], atol=0.02)


SLOPES = {
    "within one": [0.1, 0.9, 0.0, 1.0],
    "above one": [0.1, 2.5, 0.5, 1.0],
    "negative": [-0.5, 0.25, -1.5, 1.0],
}


@pytest.mark.parametrize("name", SLOPES)
def test_slopes_of_channels_behind_a_convolution(name: str) -> None:
    values = ", ".join(map(str, SLOPES[name]))
    weights = ", ".join(f"{each:.3f}" for each in normal(4 * 3, seed=7))
    model = parsed(
        "g (float[1,3,5,5] x) => (float[1,4,5,5] y) "
        f"<float[4,1,1] s = {{{values}}}, float[4,3,1,1] w = {{{weights}}}> "
        "{ c = Conv (x, w) y = PRelu (c, s) }"
    )
    assert_sound(model, {"x": normal(20, 3, 5, 5)}, 36)


def test_slopes_that_vary_along_every_axis() -> None:
    values = ", ".join(f"{each:.3f}" for each in normal(12, seed=3))
    model = parsed(
        f"g (float[1,3,4] x) => (float[1,3,4] y) <float[3,4] s = {{{values}}}> "
        "{ y = PRelu (x, s) }"
    )
    assert_sound(model, {"x": normal(20, 3, 4)}, 35)


def test_exponents_that_differ_are_refused_and_equal_ones_are_not() -> None:
    text = (
        "g (float[1,3] x) => (float[1,3] y) <float[3] e = {%s}> { p = Sigmoid (x) y = Pow (p, e) }"
    )
    samples = {"x": normal(20, 3)}
    with pytest.raises(LoweringError) as caught:
        quantise(parsed(text % "3, 3, 2"), samples)
    assert str(caught.value) == (
        "Pow 'y': one exponent per channel has no exact form; split the tensor by exponents"
    )
    assert_sound(parsed(text % "3, 3, 3"), samples, 25)


@pytest.mark.parametrize("far", ["-1e9", "-3.4e38", "-1e4"])
def test_a_computed_mask_leaves_the_scores_their_steps(far: str) -> None:
    model = parsed(
        "g (float[2,4,8] x, float[2,1,8] seen) => (float[2,4,8] y) "
        f"<float one = {{1}}, float far = {{{far}}}> "
        "{ absent = Sub (one, seen) m = Mul (absent, far) z = Add (x, m) "
        "y = Softmax <axis: int = -1> (z) }"
    )
    lengths = np.random.default_rng(2).integers(2, 9, (20, 1, 1))
    seen = (np.arange(8) < lengths).astype(np.float32)
    assert_sound(model, {"x": 2 * normal(20, 4, 8), "seen": seen}, 36)


@pytest.mark.parametrize("far", [-1e9, -np.inf, -1e4])
def test_a_constant_mask_beside_a_product(far: float) -> None:
    model = parsed(
        "g (float[2,8,4] a, float[2,8,4] b, float[8,8] m) => (float[2,8,8] y) "
        "{ t = Transpose <perm = [0, 2, 1]> (b) p = MatMul (a, t) z = Add (m, p) "
        "y = Softmax <axis: int = -1> (z) }"
    )
    held = onnx.numpy_helper.from_array(np.triu(np.full((8, 8), far, np.float32), 1), "m")
    model.graph.initializer.append(held)
    del model.graph.input[2]
    assert_sound(model, {"a": normal(20, 8, 4), "b": normal(20, 8, 4, seed=1)}, 30)


def test_a_sum_that_something_else_reads_keeps_its_mask() -> None:
    model = parsed(
        "g (float[1,4] x) => (float[1,4] y) <float[4] m = {0, 0, -1e+09, 0}> "
        "{ a = Add (x, m) s = Softmax <axis: int = -1> (a) y = Add (a, s) }"
    )
    lowered = quantise(model, {"x": normal(20, 4)})
    assert lowered.network.floors == {}
    assert result(lowered, {"x": normal(1, 4)})[0, 2] == pytest.approx(-1e9, rel=1e-3)


@pytest.mark.parametrize("include", [0, 1])
@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0]])
def test_a_mean_does_not_count_what_hangs_over_the_padding(include: int, pads: list[int]) -> None:
    model = parsed(
        "g (float[1,2,6,6] x) => (float[1,2,h,w] y) { y = AveragePool <kernel_shape = [3, 3], "
        f"strides = [2, 2], ceil_mode = 1, count_include_pad = {include}, pads = {pads}> (x) }}"
    )
    assert_sound(model, {"x": 1 + normal(20, 2, 6, 6)}, 36)


def test_numbers_are_whole_by_type_alone() -> None:
    model = parsed(
        "g (float[1,4] x) => (float[1,4] y) <float k = {0.5}> "
        "{ f = Floor (x) r = Relu (f) y = Mul (r, k) }"
    )
    lowered = quantise(model, {"x": 20 * normal(20, 4)})
    x = np.array([[1.5, 7.9, -3.5, 30.2]], np.float32)
    np.testing.assert_array_equal(result(lowered, {"x": x}), [[0.5, 3.5, 0, 15]])


def test_a_constant_of_more_axes_gives_its_axes_to_the_result() -> None:
    model = parsed(
        "g (float[4] x) => (float[1,4] y) <float[1,1] k = {2}, float[1,1] c = {1}> "
        "{ p = Mul (x, k) s = Add (p, c) y = Relu (s) }"
    )
    samples = normal(20, 4).reshape(80)
    lowered = assert_sound(model, {"x": samples}, 36)
    assert lowered.interface.output.shape == (1, 4)

"""Samples are checked against the model before anything runs, and a part is held back."""

import numpy as np
import onnx
import pytest

from kernels.onnx.exact import Interface, Port
from kernels.onnx.quantisation import CalibrationError, drawn, fit, split
from kernels.trace import DType
from kernels.trace.layout import Array
from tests.kernels.onnx.quantisation.cases import normal, parsed

PAIR = parsed("g (float[N,3] x, float[N,3] z) => (float[N,3] y) { y = Add (x, z) }")
FIXED = parsed("g (float[2,3] x) => (float[2,3] y) { y = Relu (x) }")
TYPED = parsed("g (int64[1,3] i, float[4,2] t) => (float[1,3,2] y) { y = Gather (t, i) }")

WRONG: dict[str, tuple[onnx.ModelProto, dict[str, Array], str]] = {
    "counts": (
        PAIR,
        {"x": normal(8, 3), "z": normal(4, 3)},
        "the calibration arrays hold different numbers of samples: 'x' has 8, 'z' has 4",
    ),
    "missing": (PAIR, {"x": normal(8, 3)}, "the calibration set has no array z; it holds x"),
    "integers": (
        TYPED,
        {"i": normal(1, 3), "t": normal(4, 2)},
        "calibration array 'i' is float32, the input int64",
    ),
    "text": (
        FIXED,
        {"x": np.array([["a"] * 3] * 2)},
        "calibration array 'x' is <U1, the input float32",
    ),
    "axes": (FIXED, {"x": normal(6)}, "calibration array 'x' has 1 axes, the input 2"),
    "empty": (
        FIXED,
        {"x": normal(0, 3)},
        "calibration array 'x' is (0, 3); expected a multiple of 2 along the first axis of (2, 3)",
    ),
    "part of a batch": (
        FIXED,
        {"x": normal(3, 3)},
        "calibration array 'x' is (3, 3); expected a multiple of 2 along the first axis of (2, 3)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_one_error(name: str) -> None:
    model, arrays, message = WRONG[name]
    with pytest.raises(CalibrationError) as caught:
        fit(model, arrays)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"w": (1, 3)}, "the model has no input w; its inputs are x, z"),
        ({"x": (1, 3, 1)}, "the shape given for 'x' has 3 axes, the input 2"),
        (
            {"x": (1, 4)},
            "calibration array 'x' is (8, 3); expected a multiple of 1 along the first axis of "
            "(1, 4)",
        ),
        (
            {"x": (1, 3), "z": (2, 3)},
            "the calibration arrays hold different numbers of samples: 'x' has 8, 'z' has 4",
        ),
    ],
)
def test_a_shape_that_does_not_fit_is_one_error(
    shapes: dict[str, tuple[int, ...]], message: str
) -> None:
    with pytest.raises(CalibrationError) as caught:
        fit(PAIR, {"x": normal(8, 3), "z": normal(8, 3)}, shapes)
    assert str(caught.value) == message


def test_an_open_axis_takes_all_rows_unless_a_shape_is_given() -> None:
    arrays = {"x": normal(8, 3), "z": normal(8, 3)}
    alone = fit(PAIR, arrays)
    assert (alone.shapes, alone.count) == ({"x": (8, 3), "z": (8, 3)}, 1)
    sized = fit(PAIR, arrays, {"x": (2, 3)})
    assert (sized.shapes, sized.count) == ({"x": (2, 3), "z": (2, 3)}, 4)
    np.testing.assert_array_equal(list(sized.batches())[1]["z"], arrays["z"][2:4])


def test_an_axis_of_minus_one_and_a_missing_shape_are_open() -> None:
    negative = parsed("g (float[N,3] x) => (float[N,3] y) { y = Relu (x) }")
    negative.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    assert fit(negative, {"x": normal(8, 3)}).shapes == {"x": (8, 3)}
    negative.graph.input[0].type.tensor_type.ClearField("shape")
    assert fit(negative, {"x": normal(8, 3)}, {"x": (1, 3)}).count == 8


def test_arrays_take_the_types_of_the_model() -> None:
    arrays: dict[str, Array] = {
        "i": np.arange(3, dtype=np.int32).reshape(1, 3),
        "t": normal(4, 2).astype(np.float64),
    }
    found = fit(TYPED, arrays)
    assert {name: array.dtype.name for name, array in found.arrays.items()} == {
        "i": "int64",
        "t": "float32",
    }


def test_an_input_that_nothing_reads_needs_no_array() -> None:
    model = parsed("g (float[1,3] x, float[7] spare) => (float[1,3] y) { y = Relu (x) }")
    assert set(fit(model, {"x": normal(8, 3)}).shapes) == {"x"}


def test_every_fifth_sample_is_held_back() -> None:
    x = normal(24, 3)
    found = split(fit(FIXED, {"x": x}))
    assert (found.held_back, found.total, found.kept) == (2, 12, False)
    np.testing.assert_array_equal(found.comparison.arrays["x"], x[[8, 9, 18, 19]])
    assert found.calibration.count == 10
    assert not set(map(bytes, found.comparison.arrays["x"])) & set(
        map(bytes, found.calibration.arrays["x"])
    )


def test_the_rows_of_one_open_sample_are_held_back() -> None:
    arrays = {"x": normal(12, 3), "z": normal(12, 3, seed=1)}
    found = split(fit(PAIR, arrays))
    assert (found.held_back, found.total) == (2, 12)
    for name, array in arrays.items():
        assert found.comparison.arrays[name].shape == array.shape
        np.testing.assert_array_equal(found.comparison.arrays[name][:2], array[[4, 9]])
        assert not set(map(bytes, found.calibration.arrays[name])) & set(map(bytes, array[[4, 9]]))


@pytest.mark.parametrize("count", [1, 4])
def test_too_few_samples_serve_both(count: int) -> None:
    found = split(fit(FIXED, {"x": normal(2 * count, 3)}))
    assert (found.kept, found.held_back, found.total) == (True, 0, count)
    assert found.calibration is found.comparison


def test_random_samples_cover_what_a_graph_can_read() -> None:
    shape = (1, 1, 1, 400)
    output = Port("y", (400,), shape, DType.INT8, 1.0, 0, "float32")
    ports = (
        Port("f", (2, 200), shape, DType.INT8, 0.5, -128, "float32"),
        Port("u", (400,), shape, DType.INT8, 1.0, 0, "uint8"),
        Port("i", (), (1, 1, 1, 1), DType.INT32, 1.0, 0, "int64"),
    )
    found = drawn(Interface(ports, (output,)))
    first = next(found.batches())
    assert {name: (array.shape, array.dtype.name) for name, array in first.items()} == {
        "f": ((2, 200), "float32"),
        "u": ((400,), "uint8"),
        "i": ((), "int64"),
    }
    assert first["f"].min() >= 0
    assert first["f"].max() <= 0.5 * 255
    np.testing.assert_array_equal(
        first["f"], next(drawn(Interface(ports, (output,))).batches())["f"]
    )


def test_an_axis_is_sized_by_its_name() -> None:
    content = parsed("g (float[B,4] x, float[1,B,1] s) => (float[1,B,4] y) { y = Mul (x, s) }")
    arrays = {"x": normal(6, 4), "s": normal(3, 2, 1)}
    found = fit(content, arrays, {"B": (2,)})
    assert (found.shapes, found.count) == ({"x": (2, 4), "s": (1, 2, 1)}, 3)

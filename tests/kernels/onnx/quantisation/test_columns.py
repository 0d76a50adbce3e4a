"""Tables whose columns differ in size keep all of them, in 16 bits each."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from kernels.graph.reference import NumpyExecutor
from kernels.onnx.classical import TREES
from kernels.onnx.exact import LoweringError
from kernels.onnx.quantisation import fit, quantise, report_on_float, split
from kernels.trace import DType
from kernels.trace.layout import Array
from tests.kernels.onnx.classical.pipelines import forest, ml, pipeline
from tests.kernels.onnx.models import floats, model

SIZES = np.array([0.01, 1.0, 50.0, 4000.0], np.float32)
COLUMNS = len(SIZES)


def table(count: int = 60) -> Array:
    drawn = np.random.default_rng(0).uniform(-1, 3, (count, COLUMNS))
    return np.asarray(drawn * SIZES, np.float32)


def regression(scaling: list[onnx.NodeProto]) -> onnx.ModelProto:
    """Returns a product of the scaled columns, all of which matter alike."""
    weights = [numpy_helper.from_array(np.ones((COLUMNS, 1), np.float32), "w"),
               numpy_helper.from_array(1 / SIZES, "factor"),
               numpy_helper.from_array(SIZES, "offset")]  # fmt: skip
    nodes = [*scaling, helper.make_node("MatMul", ["scaled", "w"], ["y"], "product")]
    return model(nodes, [floats("x", "n", COLUMNS)], [floats("y", "n", 1)], weights)


SCALINGS = {
    "standard": [
        helper.make_node("Sub", ["x", "offset"], ["moved"], "move"),
        helper.make_node("Mul", ["moved", "factor"], ["scaled"], "scale"),
    ],
    "factor": [helper.make_node("Mul", ["x", "factor"], ["scaled"], "scale")],
    "factor and shift": [
        helper.make_node("Mul", ["x", "factor"], ["moved"], "scale"),
        helper.make_node("Add", ["moved", "factor"], ["scaled"], "shift"),
    ],
}


@pytest.mark.parametrize("name", sorted(SCALINGS))
def test_small_columns_count(name: str) -> None:
    content = regression(SCALINGS[name])
    parts = split(fit(content, {"x": table()}))
    lowered = quantise(content, parts.calibration)
    (port,) = lowered.interface.inputs
    assert port.dtype is DType.INT32
    assert isinstance(port.scale, list)
    assert port.scale[-1] > 1e4 * port.scale[0]
    report = report_on_float(content, lowered, parts, NumpyExecutor().execute)
    assert not report.faults
    assert report.outputs[0].snr_db > 35


def test_an_encoded_table_holds_what_is_in_each_column() -> None:
    content = regression(SCALINGS["factor"])
    (port,) = quantise(content, {"x": table()}).interface.inputs
    codes = port.encode(table())
    assert codes.dtype == np.int32
    assert np.abs(codes).max() <= 1 << 15
    real = codes.reshape(table().shape) * np.array(port.scale)
    np.testing.assert_allclose(real, table(), atol=float(np.max(port.scale)))
    assert isinstance(port.scale, list)
    np.testing.assert_allclose(real[:, 0], table()[:, 0], atol=port.scale[0])


def test_even_columns_that_nothing_scales_stay_int8() -> None:
    weights = [numpy_helper.from_array(np.ones((COLUMNS, 1), np.float32), "w")]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "product")]
    content = model(nodes, [floats("x", "n", COLUMNS)], [floats("y", "n", 1)], weights)
    (port,) = quantise(content, {"x": table() / SIZES}).interface.inputs
    assert port.dtype is DType.INT8


def test_a_scaler_and_a_linear_model_become_exact() -> None:
    nodes = [
        ml("Scaler", ["x"], ["scaled"], offset=SIZES.tolist(), scale=(1 / SIZES).tolist()),
        ml("LinearRegressor", ["scaled"], ["y"], coefficients=[1.0, -2.0, 0.5, 1.0],
           intercepts=[3.0]),
    ]  # fmt: skip
    content = pipeline(nodes, [("y", TensorProto.FLOAT)])
    parts = split(fit(content, {"x": table()}))
    lowered = quantise(content, parts.calibration)
    report = report_on_float(content, lowered, parts, NumpyExecutor().execute)
    assert not report.faults
    assert report.outputs[0].snr_db > 35


def test_trees_are_refused_by_name() -> None:
    with pytest.raises(LoweringError) as refusal:
        quantise(forest(1), {"x": table()})
    assert refusal.value.node == "TreeEnsembleRegressor 'TreeEnsembleRegressor'"
    assert "run the float model as a tolerant job" in refusal.value.message
    assert "TreeEnsembleRegressor" in TREES

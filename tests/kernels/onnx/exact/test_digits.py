"""The exact graphs of onnxruntime's own quantiser, in both forms, recognise the same digits."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from kernels.trace.layout import Array
from tests.kernels.onnx.digits import IMAGES, images, network, samples
from tests.kernels.onnx.exact.quantised import exact, reference


class Samples(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self) -> None:
        array = samples()
        self._batches = iter(np.split(array, len(array) // IMAGES))

    def get_next(self) -> dict[str, Array] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"x": batch}


@pytest.mark.parametrize("per_channel", [False, True], ids=["per tensor", "per channel"])
@pytest.mark.parametrize("form", [QuantFormat.QDQ, QuantFormat.QOperator], ids=["QDQ", "QOperator"])
def test_digits_of_a_quantised_network(
    tmp_path: Path, form: QuantFormat, per_channel: bool
) -> None:
    source, target = tmp_path / "float.onnx", tmp_path / "quantised.onnx"
    onnx.save(network(), source)
    quantize_static(
        source,
        target,
        Samples(),
        quant_format=form,
        per_channel=per_channel,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    model = onnx.load(target)
    x, labels = images()
    lowered, found = exact(model, {"x": x})
    expected = reference(model, {"x": x})
    digits = found.argmax(axis=1)
    np.testing.assert_array_equal(digits, expected.argmax(axis=1))
    assert np.mean(digits == labels) >= 0.9
    assert np.abs(found - expected).max() <= np.max(lowered.interface.output.scale) * 1.001

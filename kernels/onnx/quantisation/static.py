"""onnxruntime's own static int8 quantisation of a model, to compare an exact graph with."""

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import onnx
import onnxruntime
from onnx import version_converter
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from kernels.onnx.quantisation.errors import CalibrationError
from kernels.onnx.quantisation.samples import Samples
from kernels.onnx.quantisation.session import QUIET
from kernels.trace.layout import Array

PER_CHANNEL_OPSET = 13
NEWER_OPSET = 17
WARNINGS = 2


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, samples: Samples) -> None:
        self._batches: Iterator[dict[str, Array]] = samples.batches()

    def get_next(self) -> Mapping[str, Array] | None:
        """Returns the next sample, or None after the last."""
        return next(self._batches, None)


def static_int8(model: onnx.ModelProto, samples: Samples) -> onnx.ModelProto:
    """Returns the model in QDQ form: int8, weights per channel, ranges from the samples' extremes.

    Raises CalibrationError where onnxruntime cannot quantise it.
    """
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder, _silent():
        before, after = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        try:
            newer = _newer(model)
            onnx.save(newer, before)
            quantize_static(
                before,
                after,
                _Reader(samples),
                quant_format=QuantFormat.QDQ,
                per_channel=_opset(newer) >= PER_CHANNEL_OPSET,
                activation_type=QuantType.QInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
            )
            return onnx.load(after)
        except Exception as error:
            # The quantiser raises whatever its parts do.
            raise CalibrationError(f"onnxruntime cannot quantise the model: {error}") from error


def _newer(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns the model with an opset that has scales per channel, where it can be converted."""
    if _opset(model) >= PER_CHANNEL_OPSET:
        return model
    try:
        return version_converter.convert_version(model, NEWER_OPSET)
    except Exception:
        # The converter raises whatever its adapters do; weights then have one scale.
        return model


def _opset(model: onnx.ModelProto) -> int:
    versions = (each.version for each in model.opset_import if each.domain in ("", "ai.onnx"))
    return int(next(versions))


@contextmanager
def _silent() -> Iterator[None]:
    """Keeps the quantiser's advice and NumPy's warnings to itself."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(QUIET)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(before)
        onnxruntime.set_default_logger_severity(WARNINGS)

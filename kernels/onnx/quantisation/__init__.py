"""Converts float ONNX graphs to exact graphs with samples, and tells how near they are."""

from kernels.onnx.quantisation.accuracy import Accuracy
from kernels.onnx.quantisation.calibration import Ranges, observe
from kernels.onnx.quantisation.draft import draft
from kernels.onnx.quantisation.errors import CalibrationError
from kernels.onnx.quantisation.quantise import Options, quantise
from kernels.onnx.quantisation.report import Report, report_on_float, report_on_quantised
from kernels.onnx.quantisation.samples import Samples, Split, drawn, fit, split
from kernels.onnx.quantisation.types import has_scales

__all__ = [
    "Accuracy",
    "CalibrationError",
    "Options",
    "Ranges",
    "Report",
    "Samples",
    "Split",
    "draft",
    "drawn",
    "fit",
    "has_scales",
    "observe",
    "quantise",
    "report_on_float",
    "report_on_quantised",
    "split",
]

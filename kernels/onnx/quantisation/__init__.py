"""Converts float ONNX graphs to exact graphs, using a calibration set."""

from kernels.onnx.quantisation.calibration import CalibrationError, Ranges, observe
from kernels.onnx.quantisation.quantise import Options, quantise

__all__ = ["CalibrationError", "Options", "Ranges", "observe", "quantise"]

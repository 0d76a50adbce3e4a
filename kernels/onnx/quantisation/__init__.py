"""Float ONNX graphs become exact graphs, by what a calibration set shows."""

from kernels.onnx.quantisation.calibration import CalibrationError, Ranges, observe
from kernels.onnx.quantisation.quantise import Options, quantise

__all__ = ["CalibrationError", "Options", "Ranges", "observe", "quantise"]

"""Runs ONNX models of the tolerant class: WGSL computes every tensor on an adapter."""

from kernels.onnx.tolerant.errors import BadInput, BeyondFloat32, UnsupportedOperator
from kernels.onnx.tolerant.lowering import is_known
from kernels.onnx.tolerant.runner import Prepared, Run, TolerantRunner

__all__ = [
    "BadInput",
    "BeyondFloat32",
    "Prepared",
    "Run",
    "TolerantRunner",
    "UnsupportedOperator",
    "is_known",
]

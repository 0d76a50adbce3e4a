"""Runs ONNX models of the tolerant class: every tensor is computed by WGSL on an adapter."""

from kernels.onnx.tolerant.errors import BadInput, UnsupportedOperator
from kernels.onnx.tolerant.node import LOWERINGS
from kernels.onnx.tolerant.runner import Run, TolerantRunner

__all__ = ["LOWERINGS", "BadInput", "Run", "TolerantRunner", "UnsupportedOperator"]

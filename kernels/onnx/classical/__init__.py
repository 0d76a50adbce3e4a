"""Rewrites the operators of classical models (ONNX-ML, as skl2onnx writes them) as ONNX's own.

Both classes lower what this yields, so that a linear model is a product in either.
"""

from kernels.onnx.classical.errors import UnsupportedModel
from kernels.onnx.classical.outputs import tensors_only
from kernels.onnx.classical.rewriting import DOMAIN, TREES, rewritten

__all__ = ["DOMAIN", "TREES", "UnsupportedModel", "rewritten", "tensors_only"]

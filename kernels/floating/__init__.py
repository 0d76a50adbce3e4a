"""Float32 and float16 kernels: one folder each, found by scanning."""

from kernels.floating.definition import Call, CallError, Kernel, Stage, Work
from kernels.floating.library import library
from kernels.floating.runner import FeatureUnavailable, FloatRunner

__all__ = [
    "Call",
    "CallError",
    "FeatureUnavailable",
    "FloatRunner",
    "Kernel",
    "Stage",
    "Work",
    "library",
]

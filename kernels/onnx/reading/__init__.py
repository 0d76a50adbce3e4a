"""Reads ONNX files from untrusted sources."""

from kernels.onnx.reading.binding import bound
from kernels.onnx.reading.errors import ModelError, Reason
from kernels.onnx.reading.file import check_model, read_model
from kernels.onnx.reading.summary import Port, Summary, summarise
from kernels.onnx.reading.tensors import initialisers

__all__ = [
    "ModelError",
    "Port",
    "Reason",
    "Summary",
    "bound",
    "check_model",
    "initialisers",
    "read_model",
    "summarise",
]

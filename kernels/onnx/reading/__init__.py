"""Reads ONNX files from untrusted sources."""

from kernels.onnx.reading.axes import OpenAxes, given_shapes, input_shapes, sized
from kernels.onnx.reading.binding import bound
from kernels.onnx.reading.errors import ModelError, Reason
from kernels.onnx.reading.file import check_model, read_model
from kernels.onnx.reading.summary import Port, Summary, summarise
from kernels.onnx.reading.tensors import initialisers

__all__ = [
    "ModelError",
    "OpenAxes",
    "Port",
    "Reason",
    "Summary",
    "bound",
    "check_model",
    "given_shapes",
    "initialisers",
    "input_shapes",
    "read_model",
    "sized",
    "summarise",
]

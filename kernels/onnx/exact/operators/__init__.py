"""The handler of each ONNX operator, one module per family."""

from collections.abc import Mapping

from kernels.onnx.exact.lowering import Handler
from kernels.onnx.registration import lowerings

HANDLERS: Mapping[str, Handler] = lowerings(__name__)

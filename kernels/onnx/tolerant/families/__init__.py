"""The lowerings of ONNX operators, one module per family."""

from collections.abc import Mapping

from kernels.onnx.registration import lowerings
from kernels.onnx.tolerant.node import Lowering

LOWERINGS: Mapping[str, Lowering] = lowerings(__name__)

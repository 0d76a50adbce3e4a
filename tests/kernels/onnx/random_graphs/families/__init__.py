"""The step of each ONNX operator: it draws attributes and operands, and appends nodes."""

from collections.abc import Callable, Mapping

from kernels.onnx.registration import lowerings
from tests.kernels.onnx.random_graphs.sketch import Sketch, Tensor

# Takes a float tensor to start from, and returns a float tensor that depends on it.
Step = Callable[[Sketch, Tensor, str], Tensor]

STEPS: Mapping[str, Step] = lowerings(__name__)

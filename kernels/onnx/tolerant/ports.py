"""The inputs and outputs of a model, as whoever runs it sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import onnx

from kernels.onnx.reading import OpenAxes, input_shapes
from kernels.onnx.tolerant.element import DOUBLE, ELEMENTS, Array, Element
from kernels.onnx.tolerant.errors import BadInput, UnsupportedOperator
from kernels.onnx.tolerant.node import element_of
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.value import Shape, Value


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name, shape and element type in ONNX.

    On the device every element is one 32-bit lane: float32, int32 or uint32.
    """

    name: str
    shape: Shape
    type: str

    @property
    def element(self) -> Element:
        """The element type."""
        return next(each for each in ELEMENTS.values() if each.name == self.type)

    def lanes(self, array: Array) -> Array:
        """Returns an array's lanes.

        Raises BadInput when shape or type differ or values do not fit.
        """
        if array.shape != self.shape or array.dtype != self.element.numpy:
            raise BadInput(
                f"{self.name!r} is {array.dtype} {array.shape}, not {self.type} {self.shape}"
            )
        if not self.element.holds(array):
            raise BadInput(f"{self.name!r} holds values that do not fit 32 bits")
        return self.element.to_lanes(array)

    def encode(self, array: Array) -> bytes:
        """Returns a job input's bytes; raises BadInput as `lanes` does."""
        return self.lanes(array).tobytes()

    def decode(self, data: bytes) -> Array:
        """Returns the tensor in an output's bytes; raises BeyondFloat32."""
        lanes = np.frombuffer(data, self.element.lane_numpy)
        # A description does not tell which results of float64 may have passed float32.
        element = replace(self.element, checked=self.element.code == DOUBLE)
        return element.from_lanes(lanes, self.shape)


def ports_of(values: Mapping[str, Value]) -> tuple[Port, ...]:
    """Returns the ports of tensors by name."""
    return tuple(Port(key, value.shape, value.element.name) for key, value in values.items())


def reserved(model: onnx.ModelProto, shapes: Mapping[str, Shape], plan: Plan) -> dict[str, Value]:
    """Returns a model's inputs as tensors that are given at each run.

    `shapes` sizes inputs with open axes, or axes by name. Raises BadInput where an axis stays open,
    and UnsupportedOperator for what is no tensor.
    """
    try:
        sizes = input_shapes(model, shapes)
    except OpenAxes as error:
        raise BadInput(str(error)) from error
    held = {tensor.name for tensor in model.graph.initializer}
    found = {}
    for port in model.graph.input:
        if port.name in held:
            continue
        if port.name not in sizes:
            raise UnsupportedOperator("input", f"{port.name!r} is not a tensor")
        element = element_of(port.type.tensor_type.elem_type, "input")
        found[port.name] = plan.input(sizes[port.name], element)
    return found

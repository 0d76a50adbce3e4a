"""Operators of two tensors whose second one may be broadcast: the base of add and multiply."""

from kernels.descriptor import Descriptor
from kernels.exact.element import Place, coordinates, place_at
from kernels.exact.operator import Operator
from kernels.trace import Shape


class Broadcast(Operator):
    """An element-wise operator; each axis of input 1 is input 0's, or 1."""

    rowwise_inputs = 2

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns input 1's shape with its axes of 1 kept, and input 0's shape."""
        first, second = descriptor.input_shapes[:2]
        sizes = [size if other != 1 else 1 for size, other in zip(first, second, strict=True)]
        return (sizes[0], sizes[1], sizes[2], sizes[3]), first

    def source(self, descriptor: Descriptor, place: Place, position: int) -> Place | None:
        """Returns where an input is read: input 1 at index 0 along its axes of one element."""
        if position == 0:
            return place
        shape = descriptor.input_shapes[1]
        at = coordinates(descriptor.output_shape, place)
        return place_at(
            shape, [min(index, size - 1) for index, size in zip(at, shape, strict=True)]
        )

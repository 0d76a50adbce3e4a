"""Shapes that follow from an operator's fields and from the shape of its first input."""

from math import prod

from kernels.graph.descriptor import Descriptor, Opcode
from kernels.graph.errors import GraphError, Reason
from kernels.trace import Shape

TABLE_SHAPE: Shape = (1, 1, 1, 256)


def window_output(shape: Shape, descriptor: Descriptor) -> tuple[int, int]:
    """Height and width after a window slides over shape; GraphError on a bad window."""
    window = descriptor.window
    if min(*window.kernel, *window.stride, *window.dilation) < 1:
        raise GraphError(Reason.BAD_WINDOW, "kernel, stride and dilation are at least 1")
    if descriptor.opcode is Opcode.MAX_POOL and window.dilation != (1, 1):
        raise GraphError(Reason.BAD_WINDOW, "max pool has dilation 1")
    sizes = []
    for axis in range(2):
        extent = window.dilation[axis] * (window.kernel[axis] - 1) + 1
        before, after = window.padding[axis], window.padding[axis + 2]
        if max(before, after) >= extent:
            raise GraphError(
                Reason.BAD_WINDOW, f"padding {max(before, after)} is not below the extent {extent}"
            )
        room = shape[1 + axis] + before + after - extent
        if room < 0:
            raise GraphError(Reason.BAD_WINDOW, f"the window's extent {extent} does not fit")
        sizes.append(room // window.stride[axis] + 1)
    return sizes[0], sizes[1]


def is_batched(descriptor: Descriptor) -> bool:
    """Whether a matrix product has a B for each A, and not one B for all."""
    return descriptor.input_shapes[1][:2] != (1, 1)


def expected_shapes(descriptor: Descriptor) -> tuple[Shape, ...]:
    """Shapes of inputs 1 and 2 and of the output that follow from input 0 and what is free.

    Free are the output's width of matmul, convolution and gather, the axes of 1 of a broadcast
    operand, the rows of gather's table, concat's joined axis of b, and as_strided's output.
    GraphError on a bad window or axis.
    """
    first = descriptor.input_shapes[0]
    width = descriptor.output_shape[3]
    second = descriptor.input_shapes[1] if len(descriptor.input_shapes) > 1 else first
    match descriptor.opcode:
        case Opcode.MATMUL:
            batch = first[:2] if is_batched(descriptor) else (1, 1)
            found = ((*batch, width, first[3]), (1, 1, 1, width), (*first[:3], width))
        case Opcode.CONVOLUTION:
            height, across = window_output(first, descriptor)
            output = (first[0], height, across, width)
            found = ((width, *descriptor.window.kernel, first[3]), (1, 1, 1, width), output)
        case Opcode.DEPTHWISE:
            height, across = window_output(first, descriptor)
            output = (first[0], height, across, first[3])
            found = ((first[3], *descriptor.window.kernel, 1), (1, 1, 1, first[3]), output)
        case Opcode.REQUANTISE | Opcode.LAYER_NORM:
            table = (1, 1, first[3], 2)
            found = (table, first, first)
        case Opcode.MAX_POOL:
            height, across = window_output(first, descriptor)
            found = (first, first, (first[0], height, across, first[3]))
        case Opcode.LOOKUP:
            found = (TABLE_SHAPE, first, first)
        case Opcode.ARGMAX | Opcode.REDUCE_SUM:
            found = (first, first, (*first[:3], 1))
        case Opcode.ADD | Opcode.MULTIPLY:
            found = (_broadcast(first, second), first, first)
        case Opcode.AS_STRIDED:
            found = (first, first, descriptor.output_shape)
        case Opcode.CONCAT:
            other, output = _joined(first, second, descriptor.axis)
            found = (other, first, output)
        case Opcode.GATHER:
            found = ((1, 1, second[2], width), first, (*first[:3], width))
        case _:
            found = (first, first, first)
    return (*found[: len(descriptor.inputs) - 1], found[2])


def _broadcast(first: Shape, second: Shape) -> Shape:
    sizes = [size if other != 1 else 1 for size, other in zip(first, second, strict=True)]
    return sizes[0], sizes[1], sizes[2], sizes[3]


def _joined(first: Shape, second: Shape, axis: int) -> tuple[Shape, Shape]:
    """Shapes of b and of the output of a concatenation."""
    if axis >= len(first):
        raise GraphError(Reason.BAD_VALUE, f"there is no axis {axis} to join along")
    other, output = list(first), list(first)
    other[axis] = second[axis]
    output[axis] += second[axis]
    return (other[0], other[1], other[2], other[3]), (output[0], output[1], output[2], output[3])


def check_shapes(descriptor: Descriptor) -> None:
    """BadShape, BadWindow or BadValue unless all shapes fit the operator."""
    shapes = (*descriptor.input_shapes, descriptor.output_shape)
    if any(min(shape) < 1 for shape in shapes):
        raise GraphError(Reason.BAD_SHAPE, "every axis has at least one element")
    expected = expected_shapes(descriptor)
    if shapes[1:] != expected:
        raise GraphError(Reason.BAD_SHAPE, f"shapes {shapes[1:]} should be {expected}")
    if descriptor.opcode is Opcode.GATHER and descriptor.input_shapes[0][3] != 1:
        raise GraphError(Reason.BAD_SHAPE, "indices are [N, H, W, 1]")
    if descriptor.opcode is Opcode.AS_STRIDED:
        _check_steps(descriptor)


def _check_steps(descriptor: Descriptor) -> None:
    elements = prod(descriptor.input_shapes[0])
    last = descriptor.offset + sum(
        (size - 1) * step
        for size, step in zip(descriptor.output_shape, descriptor.steps, strict=True)
    )
    if last >= elements:
        raise GraphError(Reason.BAD_VALUE, f"element {last} is read, the input has {elements}")

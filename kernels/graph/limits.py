"""The work of an operator, and what the referee can read of it."""

from math import prod

from kernels.graph.descriptor import Descriptor, Opcode
from kernels.graph.errors import GraphError, Reason
from kernels.graph.signatures import input_dtype
from kernels.trace import row_stride, stored_bytes

MAX_TENSOR_BYTES = 1 << 30
MAX_OPERAND_BYTES = 8192
MAX_RUNS = 16


def taps(descriptor: Descriptor) -> int:
    """Input elements, or products, that go into one output element."""
    match descriptor.opcode:
        case Opcode.MATMUL | Opcode.ARGMAX | Opcode.REDUCE_SUM:
            return descriptor.input_shapes[0][3]
        case Opcode.CONVOLUTION:
            return prod(descriptor.window.kernel) * descriptor.input_shapes[0][3]
        case Opcode.MAX_POOL | Opcode.DEPTHWISE:
            return prod(descriptor.window.kernel)
        case _:
            return 1


def multiply_adds(descriptor: Descriptor) -> int:
    """Work of the operator: output elements times taps."""
    return prod(descriptor.output_shape) * taps(descriptor)


def operand_bytes(descriptor: Descriptor) -> int:
    """Stored bytes, row padding included, that determine one output element."""
    size = descriptor.dtype_in.size
    row = row_stride(descriptor.input_shapes[0][3] * size)
    kernel = prod(descriptor.window.kernel)
    bias = 4 if len(descriptor.inputs) == 3 else 0
    match descriptor.opcode:
        case Opcode.MATMUL:
            needed = 2 * row + bias
        case Opcode.CONVOLUTION:
            needed = 2 * kernel * row + bias
        case Opcode.DEPTHWISE:
            needed = 2 * kernel + bias
        case Opcode.REQUANTISE:
            needed = 12 if descriptor.per_channel else 4
        case Opcode.MAX_POOL:
            needed = kernel
        case Opcode.ARGMAX | Opcode.SOFTMAX | Opcode.REDUCE_SUM:
            needed = row
        case Opcode.LAYER_NORM:
            needed = row + 8
        case Opcode.CONCAT:
            needed = size
        case Opcode.GATHER:
            needed = size + descriptor.dtype_out.size
        case _:
            needed = len(descriptor.inputs) * size
    return needed


def runs(descriptor: Descriptor) -> int:
    """Contiguous byte ranges that hold one output element's operands."""
    height, width = descriptor.window.kernel
    others = len(descriptor.inputs) - 1
    match descriptor.opcode:
        case Opcode.CONVOLUTION:
            apart = descriptor.window.dilation[1] > 1
            return height * (width if apart else 1) + others
        case Opcode.DEPTHWISE | Opcode.MAX_POOL:
            return height * width + others
        case Opcode.CONCAT:
            return 1
        case _:
            return 1 + others


def check_limits(descriptor: Descriptor) -> None:
    """TensorLimit, OperandLimit or RunLimit where the referee could not judge an element."""
    sizes = [
        stored_bytes(shape, input_dtype(descriptor, position))
        for position, shape in enumerate(descriptor.input_shapes)
    ]
    sizes.append(stored_bytes(descriptor.output_shape, descriptor.dtype_out))
    if max(sizes) > MAX_TENSOR_BYTES:
        raise GraphError(Reason.TENSOR_LIMIT, f"{max(sizes)} bytes exceed {MAX_TENSOR_BYTES}")
    needed = operand_bytes(descriptor)
    if needed > MAX_OPERAND_BYTES:
        raise GraphError(
            Reason.OPERAND_LIMIT, f"{needed} operand bytes an element exceed {MAX_OPERAND_BYTES}"
        )
    if runs(descriptor) > MAX_RUNS:
        raise GraphError(Reason.RUN_LIMIT, f"{runs(descriptor)} runs exceed {MAX_RUNS}")

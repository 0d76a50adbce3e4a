"""What a single descriptor must satisfy, and the work of its operator."""

from collections.abc import Callable
from math import prod

from kernels.graph.descriptor import (
    NO_ROOT,
    NO_WINDOW,
    ConstantSlot,
    Descriptor,
    Input,
    InputKind,
    Opcode,
    Rounding,
)
from kernels.graph.errors import GraphError, Reason
from kernels.trace import DType, Shape, row_stride, stored_bytes

MAX_TENSOR_BYTES = 1 << 30
MAX_OPERAND_BYTES = 8192
MAX_RUNS = 16
MAX_MATMUL_K = 4096
CHANNEL_AXIS = 3
TABLE_SHAPE: Shape = (1, 1, 1, 256)
MAX_SHIFT = 62

_WEIGHTS = Input(InputKind.CONSTANT, ConstantSlot.WEIGHTS)
_BIAS_OR_TABLE = Input(InputKind.CONSTANT, ConstantSlot.BIAS_OR_TABLE)
_CHANNELS = Input(InputKind.CONSTANT, ConstantSlot.CHANNELS)

_DTYPES = {
    Opcode.MATMUL: {(DType.INT8, DType.INT32)},
    Opcode.CONVOLUTION: {(DType.INT8, DType.INT32)},
    Opcode.REQUANTISE: {(DType.INT32, DType.INT8)},
    Opcode.RELU: {(DType.INT8, DType.INT8), (DType.INT32, DType.INT32)},
    Opcode.ADD: {(DType.INT32, DType.INT32)},
    Opcode.MAX_POOL: {(DType.INT8, DType.INT8)},
    Opcode.LOOKUP: {(DType.INT8, DType.INT8)},
    Opcode.ARGMAX: {(DType.INT8, DType.INT32), (DType.INT32, DType.INT32)},
}

_INPUT_COUNTS = {
    Opcode.MATMUL: {2, 3},
    Opcode.CONVOLUTION: {2, 3},
    Opcode.REQUANTISE: {1, 2},
    Opcode.RELU: {1},
    Opcode.ADD: {2},
    Opcode.MAX_POOL: {1},
    Opcode.LOOKUP: {2},
    Opcode.ARGMAX: {1},
}

_VALUES = {
    Opcode.CONVOLUTION: {"window", "pad_value", "zero_point_in"},
    Opcode.REQUANTISE: {
        "zero_point_out",
        "clamp_low",
        "clamp_high",
        "multiplier",
        "shift",
        "per_channel",
        "axis",
    },
    Opcode.RELU: {"clamp_low", "clamp_high"},
    Opcode.MAX_POOL: {"window"},
}

_OPTIONAL = (
    "window",
    "pad_value",
    "zero_point_in",
    "zero_point_out",
    "clamp_low",
    "clamp_high",
    "multiplier",
    "shift",
    "per_channel",
    "axis",
)


def input_dtype(descriptor: Descriptor, position: int) -> DType:
    """Element type of an operand: constants other than weights and tables are int32."""
    operand = descriptor.inputs[position]
    if operand.kind is not InputKind.CONSTANT or operand.index == ConstantSlot.WEIGHTS:
        return descriptor.dtype_in
    return DType.INT8 if descriptor.opcode is Opcode.LOOKUP else DType.INT32


def taps(descriptor: Descriptor) -> int:
    """Input elements, or products, that go into one output element."""
    match descriptor.opcode:
        case Opcode.MATMUL | Opcode.ARGMAX:
            return descriptor.input_shapes[0][3]
        case Opcode.CONVOLUTION:
            return prod(descriptor.window.kernel) * descriptor.input_shapes[0][3]
        case Opcode.MAX_POOL:
            return prod(descriptor.window.kernel)
        case _:
            return 1


def multiply_adds(descriptor: Descriptor) -> int:
    """Work of the operator: output elements times taps."""
    return prod(descriptor.output_shape) * taps(descriptor)


def operand_bytes(descriptor: Descriptor) -> int:
    """Stored bytes, row padding included, that determine one output element."""
    row = row_stride(descriptor.input_shapes[0][3] * descriptor.dtype_in.size)
    bias = 4 if len(descriptor.inputs) == 3 else 0
    match descriptor.opcode:
        case Opcode.MATMUL | Opcode.CONVOLUTION:
            return 2 * max(prod(descriptor.window.kernel), 1) * row + bias
        case Opcode.REQUANTISE:
            return 12 if descriptor.per_channel else 4
        case Opcode.MAX_POOL:
            return prod(descriptor.window.kernel)
        case Opcode.ARGMAX:
            return row
        case _:
            return len(descriptor.inputs) * descriptor.dtype_in.size


def runs(descriptor: Descriptor) -> int:
    """Contiguous byte ranges that hold one output element's operands."""
    height, width = descriptor.window.kernel
    match descriptor.opcode:
        case Opcode.CONVOLUTION:
            apart = descriptor.window.dilation[1] > 1
            return height * (width if apart else 1) + len(descriptor.inputs) - 1
        case Opcode.MAX_POOL:
            return height * width
        case _:
            return len(descriptor.inputs)


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


def expected_shapes(descriptor: Descriptor) -> tuple[Shape, ...]:
    """Shapes of inputs 1 and 2 and of the output that follow from input 0 and the output's width.

    An output width, N of matmul and convolution, is free; everything else is determined.
    """
    first = descriptor.input_shapes[0]
    width = descriptor.output_shape[3]
    match descriptor.opcode:
        case Opcode.MATMUL:
            found = ((1, 1, width, first[3]), (1, 1, 1, width), (1, 1, first[2], width))
        case Opcode.CONVOLUTION:
            kernel = descriptor.window.kernel
            height, across = window_output(first, descriptor)
            output = (first[0], height, across, width)
            found = ((width, *kernel, first[3]), (1, 1, 1, width), output)
        case Opcode.REQUANTISE:
            found = ((1, 1, first[3], 2), first, first)
        case Opcode.MAX_POOL:
            height, across = window_output(first, descriptor)
            found = (first, first, (first[0], height, across, first[3]))
        case Opcode.LOOKUP:
            found = (TABLE_SHAPE, first, first)
        case Opcode.ARGMAX:
            found = (first, first, (*first[:3], 1))
        case _:
            found = (first, first, first)
    return (*found[: len(descriptor.inputs) - 1], found[2])


def check(descriptor: Descriptor) -> None:
    """Raise GraphError unless the descriptor obeys its opcode's rules and the referee's limits.

    A field too large for its bytes is a BadValue, too.
    """
    for step in _STEPS:
        step(descriptor)


def _check_head(descriptor: Descriptor) -> None:
    descriptor.encode()
    opcode = descriptor.opcode
    if (descriptor.dtype_in, descriptor.dtype_out) not in _DTYPES[opcode]:
        raise GraphError(
            Reason.BAD_DTYPE,
            f"no kernel from {descriptor.dtype_in.name} to {descriptor.dtype_out.name}",
        )
    if len(descriptor.inputs) not in _INPUT_COUNTS[opcode]:
        raise GraphError(Reason.BAD_INPUT_COUNT, f"{len(descriptor.inputs)} inputs")
    rounding = Rounding.HALF_UP if opcode is Opcode.REQUANTISE else Rounding.NONE
    if descriptor.rounding is not rounding:
        raise GraphError(Reason.BAD_ROUNDING, f"rounding must be {rounding.name}")
    used = _VALUES.get(opcode, set())
    for name in _OPTIONAL:
        blank = NO_WINDOW if name == "window" else 0
        if name not in used and getattr(descriptor, name) != blank:
            raise GraphError(Reason.RESERVED_NOT_ZERO, f"{name} is unused and must be zero")


def _check_inputs(descriptor: Descriptor) -> None:
    opcode, inputs = descriptor.opcode, descriptor.inputs
    if inputs[0].kind is InputKind.CONSTANT:
        raise GraphError(Reason.BAD_INPUT_KIND, "input 0 cannot be a constant")
    expected: dict[Opcode, tuple[Input, ...]] = {
        Opcode.MATMUL: (_WEIGHTS, _BIAS_OR_TABLE),
        Opcode.CONVOLUTION: (_WEIGHTS, _BIAS_OR_TABLE),
        Opcode.REQUANTISE: (_CHANNELS,),
        Opcode.ADD: (_WEIGHTS,),
        Opcode.LOOKUP: (_BIAS_OR_TABLE,),
    }
    for position, operand in enumerate(inputs[1:], 1):
        free = position == 1 and opcode in (Opcode.MATMUL, Opcode.ADD)
        if free and operand.kind is not InputKind.CONSTANT:
            continue
        if operand != expected[opcode][position - 1]:
            raise GraphError(
                Reason.BAD_INPUT_KIND,
                f"input {position} must be constant {expected[opcode][position - 1].index}",
            )


def _check_roots(descriptor: Descriptor) -> None:
    held = {operand.index for operand in descriptor.inputs if operand.kind is InputKind.CONSTANT}
    for slot in ConstantSlot:
        present = descriptor.roots[slot] != NO_ROOT
        if slot in held and not present:
            raise GraphError(Reason.BAD_ROOT, f"the root of constant {slot.name} is missing")
        if slot not in held and present:
            raise GraphError(
                Reason.RESERVED_NOT_ZERO, f"the root of {slot.name} is unused and must be zero"
            )


def _check_values(descriptor: Descriptor) -> None:
    for name in ("pad_value", "zero_point_in", "zero_point_out"):
        if not DType.INT8.low <= getattr(descriptor, name) <= DType.INT8.high:
            raise GraphError(Reason.BAD_VALUE, f"{name} is not an int8")
    if descriptor.opcode in (Opcode.REQUANTISE, Opcode.RELU):
        low, high, dtype = descriptor.clamp_low, descriptor.clamp_high, descriptor.dtype_out
        if not dtype.low <= low <= high <= dtype.high:
            raise GraphError(Reason.BAD_VALUE, f"clamp {low}..{high} is not a {dtype.name} range")
    if descriptor.opcode is not Opcode.REQUANTISE:
        return
    counts = {False: 1, True: 2}
    if len(descriptor.inputs) != counts[descriptor.per_channel]:
        raise GraphError(Reason.BAD_INPUT_COUNT, "a per-channel table is input 1, or absent")
    if descriptor.per_channel:
        if descriptor.axis != CHANNEL_AXIS:
            raise GraphError(Reason.BAD_CHANNELS, f"the channel axis is {CHANNEL_AXIS}")
        if descriptor.multiplier or descriptor.shift:
            raise GraphError(
                Reason.BAD_CHANNELS, "multiplier and shift are zero beside a per-channel table"
            )
        return
    if descriptor.axis:
        raise GraphError(Reason.BAD_CHANNELS, "axis is zero without a per-channel table")
    if descriptor.multiplier < 1:
        raise GraphError(Reason.BAD_VALUE, "the multiplier is at least 1")
    if not 1 <= descriptor.shift <= MAX_SHIFT:
        raise GraphError(Reason.BAD_VALUE, f"shift {descriptor.shift} is outside 1..{MAX_SHIFT}")


def _check_shapes(descriptor: Descriptor) -> None:
    shapes = (*descriptor.input_shapes, descriptor.output_shape)
    if any(min(shape) < 1 for shape in shapes):
        raise GraphError(Reason.BAD_SHAPE, "every axis has at least one element")
    if descriptor.opcode is Opcode.MATMUL and descriptor.input_shapes[0][:2] != (1, 1):
        raise GraphError(Reason.BAD_SHAPE, "matmul takes A as [1, 1, M, K]")
    if shapes[1:] != expected_shapes(descriptor):
        raise GraphError(
            Reason.BAD_SHAPE, f"shapes {shapes[1:]} should be {expected_shapes(descriptor)}"
        )


def _check_limits(descriptor: Descriptor) -> None:
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


def _check_work(descriptor: Descriptor) -> None:
    if descriptor.multiply_adds != multiply_adds(descriptor):
        raise GraphError(
            Reason.BAD_MULTIPLY_ADDS,
            f"{descriptor.multiply_adds} multiply-adds should be {multiply_adds(descriptor)}",
        )


_STEPS: tuple[Callable[[Descriptor], None], ...] = (
    _check_head,
    _check_inputs,
    _check_roots,
    _check_values,
    _check_shapes,
    _check_limits,
    _check_work,
)

"""What a single descriptor must satisfy."""

from collections.abc import Callable
from math import prod

from kernels.codes import (
    MAX_OPERAND_BYTES,
    MAX_OPERAND_RUNS,
    MAX_TENSOR_BYTES,
    ConstantSlot,
    InputKind,
)
from kernels.descriptor import (
    NO_ROOT,
    NO_SHAPE,
    NO_WINDOW,
    Descriptor,
    GraphError,
    Input,
    Reason,
    output_spec,
)
from kernels.exact.library import operator_of
from kernels.trace import DType

_BLANKS: dict[str, object] = {
    "window": NO_WINDOW,
    "pad_value": 0,
    "zero_point_in": 0,
    "zero_point_out": 0,
    "clamp_low": 0,
    "clamp_high": 0,
    "multiplier": 0,
    "shift": 0,
    "per_channel": False,
    "axis": 0,
    "steps": NO_SHAPE,
    "offset": 0,
}


def check(descriptor: Descriptor) -> None:
    """Raises GraphError unless the descriptor obeys its opcode's rules and the referee's limits.

    A field that is too large for its bytes is a BadValue, too.
    """
    for step in _STEPS:
        step(descriptor)


def multiply_adds(descriptor: Descriptor) -> int:
    """Returns the work of the operator: output elements times taps."""
    return prod(descriptor.output_shape) * operator_of(descriptor).taps(descriptor)


def operand_bytes(descriptor: Descriptor) -> int:
    """Returns the stored bytes, row padding included, that determine one output element."""
    return operator_of(descriptor).operand_bytes(descriptor)


def most_runs(descriptor: Descriptor) -> int:
    """Returns the contiguous byte ranges, at most, that hold one element's operands."""
    return operator_of(descriptor).most_runs(descriptor)


def _check_head(descriptor: Descriptor) -> None:
    descriptor.encode()
    signature = operator_of(descriptor).signature_of(descriptor)
    if (descriptor.dtype_in, descriptor.dtype_out) not in signature.dtypes:
        raise GraphError(
            Reason.BAD_DTYPE,
            f"no kernel from {descriptor.dtype_in.name} to {descriptor.dtype_out.name}",
        )
    if len(descriptor.inputs) not in signature.input_counts:
        raise GraphError(Reason.BAD_INPUT_COUNT, f"{len(descriptor.inputs)} inputs")
    if descriptor.rounding is not signature.rounding:
        raise GraphError(Reason.BAD_ROUNDING, f"rounding must be {signature.rounding.name}")
    for name, blank in _BLANKS.items():
        if name not in signature.fields and getattr(descriptor, name) != blank:
            raise GraphError(Reason.RESERVED_NOT_ZERO, f"{name} is unused and must be zero")


def _check_inputs(descriptor: Descriptor) -> None:
    inputs = descriptor.inputs
    if inputs[0].kind is InputKind.CONSTANT:
        raise GraphError(Reason.BAD_INPUT_KIND, "input 0 cannot be a constant")
    slots = operator_of(descriptor).signature_of(descriptor).slots
    for position, (operand, slot) in enumerate(zip(inputs[1:], slots, strict=False), 1):
        if slot.computed and operand.kind is not InputKind.CONSTANT:
            continue
        if operand != Input(InputKind.CONSTANT, slot.constant):
            raise GraphError(
                Reason.BAD_INPUT_KIND, f"input {position} must be constant {slot.constant}"
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
    operator = operator_of(descriptor)
    if "clamp_low" in operator.signature_of(descriptor).fields:
        low, high, dtype = descriptor.clamp_low, descriptor.clamp_high, descriptor.dtype_out
        if not dtype.low <= low <= high <= dtype.high:
            raise GraphError(Reason.BAD_VALUE, f"clamp {low}..{high} is not a {dtype.name} range")
    operator.check_fields(descriptor)


def _check_shapes(descriptor: Descriptor) -> None:
    shapes = (*descriptor.input_shapes, descriptor.output_shape)
    if any(min(shape) < 1 for shape in shapes):
        raise GraphError(Reason.BAD_SHAPE, "every axis has at least one element")
    operator = operator_of(descriptor)
    expected = operator.expected_shapes(descriptor)
    if shapes[1:] != expected:
        raise GraphError(Reason.BAD_SHAPE, f"shapes {shapes[1:]} should be {expected}")
    operator.check_shapes(descriptor)


def _check_limits(descriptor: Descriptor) -> None:
    """Raises GraphError where the referee could not judge an element."""
    operator = operator_of(descriptor)
    sizes = [
        operator.input_spec(descriptor, position).stored_bytes
        for position in range(len(descriptor.inputs))
    ]
    sizes.append(output_spec(descriptor).stored_bytes)
    if max(sizes) > MAX_TENSOR_BYTES:
        raise GraphError(Reason.TENSOR_LIMIT, f"{max(sizes)} bytes exceed {MAX_TENSOR_BYTES}")
    needed = operator.operand_bytes(descriptor)
    if needed > MAX_OPERAND_BYTES:
        raise GraphError(
            Reason.OPERAND_LIMIT,
            f"{needed} operand bytes per element exceed {MAX_OPERAND_BYTES}",
        )
    runs = operator.most_runs(descriptor)
    if runs > MAX_OPERAND_RUNS:
        raise GraphError(Reason.RUN_LIMIT, f"{runs} runs exceed {MAX_OPERAND_RUNS}")


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

"""What a single descriptor must satisfy."""

from collections.abc import Callable

from kernels.graph.descriptor import (
    NO_ROOT,
    NO_SHAPE,
    NO_WINDOW,
    ConstantSlot,
    Descriptor,
    Input,
    InputKind,
    Opcode,
)
from kernels.graph.errors import GraphError, Reason
from kernels.graph.limits import check_limits, multiply_adds
from kernels.graph.shapes import check_shapes
from kernels.graph.signatures import SIGNATURES
from kernels.trace import DType

CHANNEL_AXIS = 3
MAX_SHIFT = 62

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
    """Raise GraphError unless the descriptor obeys its opcode's rules and the referee's limits.

    A field too large for its bytes is a BadValue, too.
    """
    for step in _STEPS:
        step(descriptor)


def _check_head(descriptor: Descriptor) -> None:
    descriptor.encode()
    signature = SIGNATURES[descriptor.opcode]
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
    slots = SIGNATURES[descriptor.opcode].slots
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
    fields = SIGNATURES[descriptor.opcode].fields
    if "clamp_low" in fields:
        low, high, dtype = descriptor.clamp_low, descriptor.clamp_high, descriptor.dtype_out
        if not dtype.low <= low <= high <= dtype.high:
            raise GraphError(Reason.BAD_VALUE, f"clamp {low}..{high} is not a {dtype.name} range")
    if descriptor.opcode is Opcode.REQUANTISE and _has_channels(descriptor):
        return
    if "multiplier" in fields and descriptor.multiplier < 1:
        raise GraphError(Reason.BAD_VALUE, "the multiplier is at least 1")
    if "shift" in fields and not 1 <= descriptor.shift <= MAX_SHIFT:
        raise GraphError(Reason.BAD_VALUE, f"shift {descriptor.shift} is outside 1..{MAX_SHIFT}")


def _has_channels(descriptor: Descriptor) -> bool:
    """Whether a requantisation is per channel, and well formed as such."""
    if len(descriptor.inputs) != 1 + descriptor.per_channel:
        raise GraphError(Reason.BAD_INPUT_COUNT, "a per-channel table is input 1, or absent")
    if not descriptor.per_channel:
        if descriptor.axis:
            raise GraphError(Reason.BAD_CHANNELS, "axis is zero without a per-channel table")
        return False
    if descriptor.axis != CHANNEL_AXIS:
        raise GraphError(Reason.BAD_CHANNELS, f"the channel axis is {CHANNEL_AXIS}")
    if descriptor.multiplier or descriptor.shift:
        raise GraphError(
            Reason.BAD_CHANNELS, "multiplier and shift are zero beside a per-channel table"
        )
    return True


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
    check_shapes,
    check_limits,
    _check_work,
)

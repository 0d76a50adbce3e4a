"""Int32 to int8 or int32 by a fixed-point multiplier."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import MAX_SHIFT, ConstantSlot, Opcode, Rounding
from kernels.descriptor import Descriptor, GraphError, Reason, Signature, Slot, Value
from kernels.descriptor.signature import CLAMP, NARROWING, WIDE
from kernels.exact.element import Place, Run, Stored, UnprovableError, row_run
from kernels.exact.operator import Draft, Fusion, Notes, Operator, Step
from kernels.exact.rounding import requantised
from kernels.trace import Array, DType, Shape

CHANNEL_AXIS = 3


class Requantise(Operator):
    """clamp(zero point + x·multiplier / 2^shift), per tensor or per channel, rounded half up."""

    opcode = Opcode.REQUANTISE
    rowwise_inputs = 1
    signature = Signature(
        (NARROWING, WIDE),
        (Slot(ConstantSlot.CHANNELS, DType.INT32, optional=True),),
        ("zero_point_out", *CLAMP, "multiplier", "shift", "per_channel", "axis"),
        Rounding.HALF_UP,
    )
    fusion = Fusion(Step.SCALING, buffers=8)
    notes = Notes(
        inputs="x, table[1,1,C,2] int32 (per channel only)",
        output="`clamp(zero_point_out + floor((x·m + 2^(s−1)) / 2^s), clamp_low, clamp_high)` "
        "in 64 bits",
        operand_bytes="4, per channel 12",
        runs="1, per channel 2",
        rule="Input 1 is present if and only if per channel is 1; then axis is 3, and multiplier "
        "and shift are 0",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the scaled tensor; the second operand is the per-channel table, if any."""
        if descriptor.per_channel:
            table = operands[1].reshape(-1, 2).astype(np.int64)
            multiplier, shift = table[:, 0], table[:, 1]
        else:
            multiplier, shift = np.array(descriptor.multiplier), np.array(descriptor.shift)
        return requantised(descriptor, operands[0], multiplier, shift)

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the shape of the table, if there is one, and of the output."""
        first = descriptor.input_shapes[0]
        tables: tuple[Shape, ...] = ((1, 1, first[3], 2),)
        return (*tables[: len(descriptor.inputs) - 1], first)

    def check_fields(self, descriptor: Descriptor) -> None:
        """Raises GraphError unless the scale is well formed, per tensor or per channel."""
        if len(descriptor.inputs) != 1 + descriptor.per_channel:
            raise GraphError(Reason.BAD_INPUT_COUNT, "a per-channel table is input 1, or absent")
        if not descriptor.per_channel:
            if descriptor.axis:
                raise GraphError(Reason.BAD_CHANNELS, "axis is zero without a per-channel table")
            super().check_fields(descriptor)
            return
        if descriptor.axis != CHANNEL_AXIS:
            raise GraphError(Reason.BAD_CHANNELS, f"the channel axis is {CHANNEL_AXIS}")
        if descriptor.multiplier or descriptor.shift:
            raise GraphError(
                Reason.BAD_CHANNELS, "multiplier and shift are zero beside a per-channel table"
            )

    def has_scales(self, descriptor: Descriptor) -> bool:
        """Returns whether multiplier and shift are the channels' own."""
        return descriptor.per_channel

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the bytes of one element and, per channel, of its multiplier and shift."""
        return 12 if descriptor.per_channel else 4

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the element, or its channel's multiplier and shift."""
        if position == 1:
            return [row_run(self.input_spec(descriptor, position), place.column)]
        return super().runs(descriptor, place, position, opened)

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns the scaled element; raises UnprovableError when the channel's scale is bad."""
        if descriptor.per_channel:
            run = row_run(operands[1].spec, place.column)
            multiplier, shift = (int(item) for item in operands[1].read(run))
            if multiplier < 1 or not 1 <= shift <= MAX_SHIFT:
                raise UnprovableError(f"channel {place.column} has {multiplier} and {shift}")
        return super().value(descriptor, place, operands)


def draft(
    x: Value,
    multiplier: int | Array,
    shift: int | Array,
    *,
    zero_point_out: int = 0,
    clamp: tuple[int, int] | None = None,
    dtype: DType = DType.INT8,
) -> Draft:
    """Int32 to int8 or int32; a pair of numbers for the tensor, or two arrays [C].

    The clamp is the dtype's whole range unless given.
    """
    low, high = clamp or (dtype.low, dtype.high)
    fields: dict[str, object] = {
        "zero_point_out": zero_point_out,
        "clamp_low": low,
        "clamp_high": high,
    }
    if isinstance(multiplier, int) and isinstance(shift, int):
        fields |= {"multiplier": multiplier, "shift": shift}
        return Draft(Opcode.REQUANTISE, dtype, x, fields=fields)
    table = np.stack([np.asarray(multiplier), np.asarray(shift)], axis=-1).astype("<i4")
    fields |= {"per_channel": True, "axis": CHANNEL_AXIS}
    return Draft(Opcode.REQUANTISE, dtype, x, {ConstantSlot.CHANNELS: table}, fields=fields)


OPERATOR = Requantise()

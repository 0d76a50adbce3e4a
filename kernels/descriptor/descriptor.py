"""The 256-byte operator descriptor: one leaf of a graph's commitment."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from kernels.codes import (
    DESCRIPTOR_BYTES,
    DESCRIPTOR_VERSION,
    ConstantSlot,
    InputKind,
    Opcode,
    Rounding,
)
from kernels.descriptor.errors import GraphError, Reason
from kernels.descriptor.layout import FIELDS, INPUT_SLOTS, LAYOUT, SHAPE_SLOTS
from kernels.trace import DType, Shape

Code = TypeVar("Code", bound=IntEnum)

NO_ROOT = bytes(32)
NO_SHAPE: Shape = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Input:
    """One operand: its kind, and the index of the constant slot, job input or operator."""

    kind: InputKind
    index: int


@dataclass(frozen=True, slots=True)
class Window:
    """Kernel, stride and dilation as (height, width); padding as (top, left, bottom, right)."""

    kernel: tuple[int, int] = (0, 0)
    stride: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (0, 0)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)


NO_WINDOW = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """One operator. Fields that the opcode does not use are zero; shapes are NHWC.

    Only as_strided uses `steps` and `offset`, both in elements. In the bytes they take the place
    of the shapes of inputs 1 and 2, which as_strided does not have.
    """

    opcode: Opcode
    dtype_in: DType
    dtype_out: DType
    inputs: tuple[Input, ...]
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    rounding: Rounding = Rounding.NONE
    window: Window = NO_WINDOW
    pad_value: int = 0
    zero_point_in: int = 0
    zero_point_out: int = 0
    clamp_low: int = 0
    clamp_high: int = 0
    multiplier: int = 0
    shift: int = 0
    per_channel: bool = False
    axis: int = 0
    steps: Shape = NO_SHAPE
    offset: int = 0
    roots: tuple[bytes, bytes, bytes] = (NO_ROOT, NO_ROOT, NO_ROOT)
    multiply_adds: int = 0

    def encode(self) -> bytes:
        """Returns the canonical 256 bytes.

        Raises GraphError (BadValue) when a field does not fit its width.
        """
        slots: list[int | bytes] = []
        for position in range(INPUT_SLOTS):
            if position < len(self.inputs):
                operand = self.inputs[position]
                slots += [int(operand.kind), bytes(3), operand.index]
            else:
                slots += [0, bytes(3), 0]
        shapes = (*self.input_shapes, *[NO_SHAPE] * SHAPE_SLOTS)[:SHAPE_SLOTS]
        if self.opcode is Opcode.AS_STRIDED:
            shapes = (shapes[0], self.steps, (self.offset, 0, 0, 0))
        window = self.window
        try:
            return LAYOUT.pack(
                DESCRIPTOR_VERSION,
                self.opcode,
                self.dtype_in,
                self.dtype_out,
                len(self.inputs),
                self.rounding,
                bytes(2),
                *slots,
                *(size for shape in (*shapes, self.output_shape) for size in shape),
                *window.kernel,
                *window.stride,
                *window.dilation,
                *window.padding,
                self.pad_value,
                self.zero_point_in,
                self.zero_point_out,
                self.clamp_low,
                self.clamp_high,
                self.multiplier,
                self.shift,
                self.per_channel,
                self.axis,
                bytes(1),
                *self.roots,
                self.multiply_adds,
            )
        except struct.error as error:
            raise GraphError(Reason.BAD_VALUE, f"a field does not fit its width: {error}") from None

    @classmethod
    def decode(cls, data: bytes) -> "Descriptor":
        """Returns the descriptor that 256 bytes encode.

        Only the form is checked here; `kernels.exact.rules.check` checks the opcode's own rules.
        Raises GraphError when the bytes are not one canonical descriptor.
        """
        if len(data) != DESCRIPTOR_BYTES:
            raise GraphError(
                Reason.BAD_LENGTH, f"a descriptor has {DESCRIPTOR_BYTES} bytes, not {len(data)}"
            )
        if data[0] != DESCRIPTOR_VERSION:
            raise GraphError(Reason.BAD_VERSION, f"version {data[0]} is not {DESCRIPTOR_VERSION}")
        fields = _unpack(data)
        count = fields["input_count"]
        reserved = b"".join(fields[name] for name in FIELDS if name.startswith("reserved"))
        if any(reserved) or fields["per_channel"] > 1:
            raise GraphError(Reason.RESERVED_NOT_ZERO, "a reserved byte is not zero")
        if not 1 <= count <= SHAPE_SLOTS:
            raise GraphError(Reason.BAD_INPUT_COUNT, f"{count} inputs, expected 1 to {SHAPE_SLOTS}")
        kinds = [fields[f"kind_{slot}"] for slot in range(INPUT_SLOTS)]
        indices = [fields[f"index_{slot}"] for slot in range(INPUT_SLOTS)]
        shapes = [fields[f"shape_{slot}"] for slot in range(SHAPE_SLOTS)]
        strided = fields["opcode"] == Opcode.AS_STRIDED
        unused = shapes[2][1:] if strided else sum(shapes[count:], ())
        if any(kinds[count:]) or any(indices[count:]) or any(unused):
            raise GraphError(Reason.RESERVED_NOT_ZERO, "an unused input or shape is not zero")
        return cls(
            opcode=_member(Opcode, fields["opcode"], Reason.UNKNOWN_OPCODE, "opcode"),
            dtype_in=_member(DType, fields["dtype_in"], Reason.BAD_DTYPE, "input dtype"),
            dtype_out=_member(DType, fields["dtype_out"], Reason.BAD_DTYPE, "output dtype"),
            inputs=tuple(
                Input(_member(InputKind, kind, Reason.BAD_INPUT_KIND, "input kind"), index)
                for kind, index in zip(kinds[:count], indices[:count], strict=True)
            ),
            rounding=_member(Rounding, fields["rounding"], Reason.BAD_ROUNDING, "rounding"),
            input_shapes=tuple(shapes[:count]),
            output_shape=fields["output_shape"],
            window=Window(
                fields["kernel"], fields["stride"], fields["dilation"], fields["padding"]
            ),
            pad_value=fields["pad_value"],
            zero_point_in=fields["zero_point_in"],
            zero_point_out=fields["zero_point_out"],
            clamp_low=fields["clamp_low"],
            clamp_high=fields["clamp_high"],
            multiplier=fields["multiplier"],
            shift=fields["shift"],
            per_channel=bool(fields["per_channel"]),
            axis=fields["axis"],
            steps=shapes[1] if strided else NO_SHAPE,
            offset=shapes[2][0] if strided else 0,
            roots=tuple(fields[f"root_{slot}"] for slot in ConstantSlot),
            multiply_adds=fields["multiply_adds"],
        )


def _unpack(data: bytes) -> dict[str, Any]:
    """Returns the fields by name, as a tuple where a field holds several values."""
    values = LAYOUT.unpack(data)
    found: dict[str, Any] = {}
    at = 0
    for name, field in FIELDS.items():
        found[name] = values[at] if field.values == 1 else values[at : at + field.values]
        at += field.values
    return found


def _member(codes: type[Code], value: int, reason: Reason, what: str) -> Code:
    try:
        return codes(value)
    except ValueError:
        raise GraphError(reason, f"{what} {value} does not exist") from None

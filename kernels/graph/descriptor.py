"""The 256-byte operator descriptor: one leaf of a graph's commitment."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from kernels.graph.errors import GraphError, Reason
from kernels.trace import DType, Shape

Code = TypeVar("Code", bound=IntEnum)

VERSION = 1
DESCRIPTOR_BYTES = 256
INPUT_SLOTS = 4
SHAPE_SLOTS = 3
NO_ROOT = bytes(32)
NO_SHAPE: Shape = (0, 0, 0, 0)

_LAYOUT = struct.Struct("<6B2s" + "B3sI" * INPUT_SLOTS + "16I" + "10H" + "6i3Bs" + "32s32s32sQ")


class Opcode(IntEnum):
    """Operators, by their code in a descriptor."""

    MATMUL = 1
    CONVOLUTION = 2
    REQUANTISE = 3
    RELU = 4
    ADD = 5
    MAX_POOL = 6
    LOOKUP = 7
    ARGMAX = 8
    DEPTHWISE = 9
    SOFTMAX = 10
    LAYER_NORM = 11
    AS_STRIDED = 12
    CONCAT = 13
    GATHER = 14
    REDUCE_SUM = 15
    MULTIPLY = 16


class InputKind(IntEnum):
    """Where an operand comes from; 0 marks an unused slot."""

    CONSTANT = 1
    JOB_INPUT = 2
    OPERATOR_OUTPUT = 3


class ConstantSlot(IntEnum):
    """The index of a constant input: which of the three roots holds it."""

    WEIGHTS = 0
    BIAS_OR_TABLE = 1
    CHANNELS = 2


class Rounding(IntEnum):
    """Rounding mode: none, or floor(x + 1/2)."""

    NONE = 0
    HALF_UP = 1


@dataclass(frozen=True, slots=True)
class Input:
    """One operand: its kind and the constant slot, job input or operator index."""

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

    `steps` and `offset`, in elements, are as_strided's alone; in the bytes they take the place of
    the shapes of inputs 1 and 2, which it does not have.
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
        """The canonical 256 bytes."""
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
        sizes = [size for shape in (*shapes, self.output_shape) for size in shape]
        window = self.window
        try:
            return _LAYOUT.pack(
                VERSION,
                self.opcode,
                self.dtype_in,
                self.dtype_out,
                len(self.inputs),
                self.rounding,
                bytes(2),
                *slots,
                *sizes,
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
        """Read 256 bytes; GraphError when they are not one canonical descriptor.

        Only the form is checked here; the opcode's own rules are `rules.check`.
        """
        if len(data) != DESCRIPTOR_BYTES:
            raise GraphError(
                Reason.BAD_LENGTH, f"a descriptor has {DESCRIPTOR_BYTES} bytes, not {len(data)}"
            )
        if data[0] != VERSION:
            raise GraphError(Reason.BAD_VERSION, f"version {data[0]} is not {VERSION}")
        fields = _LAYOUT.unpack(data)
        count = fields[4]
        slots = fields[7 : 7 + 3 * INPUT_SLOTS]
        sizes = fields[19:35]
        windows = fields[35:45]
        values = fields[45:54]
        if any(fields[6]) or any(b"".join(slots[1::3])) or any(fields[54]) or values[7] > 1:
            raise GraphError(Reason.RESERVED_NOT_ZERO, "a reserved byte is not zero")
        if not 1 <= count <= SHAPE_SLOTS:
            raise GraphError(Reason.BAD_INPUT_COUNT, f"{count} inputs, expected 1 to {SHAPE_SLOTS}")
        strided = fields[1] == Opcode.AS_STRIDED
        unused = sizes[9:12] if strided else sizes[4 * count : 12]
        if any(slots[0::3][count:]) or any(slots[2::3][count:]) or any(unused):
            raise GraphError(Reason.RESERVED_NOT_ZERO, "an unused input or shape is not zero")
        return cls(
            opcode=_member(Opcode, fields[1], Reason.UNKNOWN_OPCODE, "opcode"),
            dtype_in=_member(DType, fields[2], Reason.BAD_DTYPE, "input dtype"),
            dtype_out=_member(DType, fields[3], Reason.BAD_DTYPE, "output dtype"),
            inputs=tuple(
                Input(_member(InputKind, slots[3 * at], Reason.BAD_INPUT_KIND, "input kind"), index)
                for at, index in enumerate(slots[2::3][:count])
            ),
            rounding=_member(Rounding, fields[5], Reason.BAD_ROUNDING, "rounding"),
            input_shapes=tuple(_shape(sizes[4 * at : 4 * at + 4]) for at in range(count)),
            output_shape=_shape(sizes[12:16]),
            window=Window(windows[0:2], windows[2:4], windows[4:6], windows[6:10]),
            pad_value=values[0],
            zero_point_in=values[1],
            zero_point_out=values[2],
            clamp_low=values[3],
            clamp_high=values[4],
            multiplier=values[5],
            shift=values[6],
            per_channel=bool(values[7]),
            axis=values[8],
            steps=_shape(sizes[4:8]) if strided else NO_SHAPE,
            offset=sizes[8] if strided else 0,
            roots=fields[55:58],
            multiply_adds=fields[58],
        )


def _shape(sizes: tuple[int, ...]) -> Shape:
    return sizes[0], sizes[1], sizes[2], sizes[3]


def _member(codes: type[Code], value: int, reason: Reason, what: str) -> Code:
    try:
        return codes(value)
    except ValueError:
        raise GraphError(reason, f"{what} {value} does not exist") from None

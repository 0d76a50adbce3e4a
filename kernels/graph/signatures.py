"""What each opcode takes: dtypes, inputs and the descriptor's fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from kernels.graph.descriptor import ConstantSlot, Descriptor, Opcode, Rounding
from kernels.trace import DType

Pair = tuple[DType, DType]

NARROW: Pair = (DType.INT8, DType.INT8)
WIDENING: Pair = (DType.INT8, DType.INT32)
NARROWING: Pair = (DType.INT32, DType.INT8)
WIDE: Pair = (DType.INT32, DType.INT32)


@dataclass(frozen=True, slots=True)
class Slot:
    """An input after the first: the constant it is, or may be where it can also be computed.

    Without a dtype it has that of the output.
    """

    constant: ConstantSlot
    dtype: DType | None = None
    computed: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """Pairs of dtype in and out, the inputs after the first, and the fields that are used."""

    dtypes: tuple[Pair, ...]
    slots: tuple[Slot, ...] = ()
    fields: tuple[str, ...] = ()
    rounding: Rounding = Rounding.NONE

    @property
    def input_counts(self) -> range:
        """Allowed numbers of inputs; only the last ones are optional."""
        needed = 1 + sum(not slot.optional for slot in self.slots)
        return range(needed, len(self.slots) + 2)


_WEIGHTS = Slot(ConstantSlot.WEIGHTS, DType.INT8)
_MATRIX = Slot(ConstantSlot.WEIGHTS, DType.INT8, computed=True)
_SUMMAND = Slot(ConstantSlot.WEIGHTS, DType.INT32, computed=True)
_LIKE_OUTPUT = Slot(ConstantSlot.WEIGHTS, computed=True)
_BIAS = Slot(ConstantSlot.BIAS_OR_TABLE, DType.INT32, optional=True)
_SCALES = Slot(ConstantSlot.CHANNELS, DType.INT32, optional=True)
_BYTES = Slot(ConstantSlot.BIAS_OR_TABLE, DType.INT8)
_AFFINE = Slot(ConstantSlot.CHANNELS, DType.INT32)

_WINDOW = ("window", "pad_value", "zero_point_in")
_SCALING = ("multiplier", "shift", "per_channel", "axis")
_CLAMP = ("clamp_low", "clamp_high")

SIGNATURES: Mapping[Opcode, Signature] = {
    Opcode.MATMUL: Signature((WIDENING,), (_MATRIX, _BIAS)),
    Opcode.CONVOLUTION: Signature((WIDENING,), (_WEIGHTS, _BIAS), _WINDOW),
    Opcode.REQUANTISE: Signature(
        (NARROWING, WIDE),
        (_SCALES,),
        ("zero_point_out", *_CLAMP, *_SCALING),
        Rounding.HALF_UP,
    ),
    Opcode.RELU: Signature((NARROW, WIDE), fields=_CLAMP),
    Opcode.ADD: Signature((WIDE,), (_SUMMAND,)),
    Opcode.MAX_POOL: Signature((NARROW,), fields=("window",)),
    Opcode.LOOKUP: Signature((NARROW,), (_BYTES,)),
    Opcode.ARGMAX: Signature((WIDENING, WIDE)),
    Opcode.DEPTHWISE: Signature((WIDENING,), (_WEIGHTS, _BIAS), _WINDOW),
    Opcode.SOFTMAX: Signature(
        (NARROW, NARROWING), fields=("multiplier", "shift"), rounding=Rounding.HALF_UP
    ),
    Opcode.LAYER_NORM: Signature((WIDE,), (_AFFINE,), ("shift",), Rounding.HALF_UP),
    Opcode.AS_STRIDED: Signature((NARROW, WIDE), fields=("steps", "offset")),
    Opcode.CONCAT: Signature((NARROW, WIDE), (_LIKE_OUTPUT,), ("axis",)),
    Opcode.GATHER: Signature((NARROWING, WIDE), (_LIKE_OUTPUT,)),
    Opcode.REDUCE_SUM: Signature((WIDENING, WIDE)),
    Opcode.MULTIPLY: Signature((WIDENING,), (_MATRIX,), ("zero_point_in", "pad_value")),
}


def input_dtype(descriptor: Descriptor, position: int) -> DType:
    """Element type of an operand of a descriptor that has its opcode's number of inputs."""
    if position == 0:
        return descriptor.dtype_in
    dtype = SIGNATURES[descriptor.opcode].slots[position - 1].dtype
    return descriptor.dtype_out if dtype is None else dtype

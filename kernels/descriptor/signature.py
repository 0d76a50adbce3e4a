"""What an operator takes: pairs of dtypes, inputs, and the descriptor fields that it uses."""

from dataclasses import dataclass, replace

from kernels.codes import ConstantSlot, Rounding
from kernels.trace import DType

Pair = tuple[DType, DType]

NARROW: Pair = (DType.INT8, DType.INT8)
WIDENING: Pair = (DType.INT8, DType.INT32)
NARROWING: Pair = (DType.INT32, DType.INT8)
WIDE: Pair = (DType.INT32, DType.INT32)


@dataclass(frozen=True, slots=True)
class Slot:
    """An input after the first: the constant it must be, or may be where `computed` is set.

    A slot without a dtype has the dtype of the output.
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
        """Allowed numbers of inputs; only the last inputs are optional."""
        needed = 1 + sum(not slot.optional for slot in self.slots)
        return range(needed, len(self.slots) + 2)


FILTERS = Slot(ConstantSlot.WEIGHTS, DType.INT8)
BIAS = Slot(ConstantSlot.BIAS_OR_TABLE, DType.INT32, optional=True)
# A second tensor of int8, of int32 or of the output's dtype, constant or computed.
NARROW_OPERAND = Slot(ConstantSlot.WEIGHTS, DType.INT8, computed=True)
WIDE_OPERAND = Slot(ConstantSlot.WEIGHTS, DType.INT32, computed=True)
LIKE_OUTPUT = Slot(ConstantSlot.WEIGHTS, computed=True)

# Bias, multiplier and shift of each output channel.
SCALES = Slot(ConstantSlot.CHANNELS, DType.INT32)

CLAMP = ("clamp_low", "clamp_high")
CONVOLVED = ("window", "pad_value", "zero_point_in")


def to_int8(signature: Signature, slots: tuple[Slot, ...], *further: str) -> Signature:
    """Returns the signature of an operator's form that rounds to int8 what it computes.

    `further` are fields beside those of the plain form, the zero point and the clamp.
    """
    fields = (*signature.fields, "zero_point_out", *CLAMP, *further)
    return replace(
        signature, dtypes=(NARROW,), slots=slots, fields=fields, rounding=Rounding.HALF_UP
    )

"""What becomes of a sum of int8 products: int32 with an optional bias, or requantised to int8."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kernels.codes import MAX_SHIFT, ConstantSlot
from kernels.descriptor import Descriptor, Operand, TensorSpec
from kernels.exact.element import Place, Run, UnprovableError, element_run, row_run
from kernels.exact.operator import narrows
from kernels.exact.rounding import requantised
from kernels.trace import Array, DType, Shape, row_stride

BIAS_BYTES = 4
# Bias, multiplier and shift of a channel.
SCALE_COLUMNS = 3
SCALE_BYTES = row_stride(4 * SCALE_COLUMNS)
# So few sums that 64-bit intermediates stay in the cache, which is twice as fast.
BLOCK = 1 << 14


@dataclass(frozen=True, slots=True)
class Narrowing:
    """How an operator rounds what it computes to int8.

    Multiplier and shift are numbers for the tensor, or of a product also arrays with one entry per
    output channel.
    """

    multiplier: int | Array
    shift: int | Array
    zero_point_out: int = 0
    clamp: tuple[int, int] = (DType.INT8.low, DType.INT8.high)

    @property
    def fields(self) -> dict[str, object]:
        """The descriptor's fields of zero point and clamp."""
        low, high = self.clamp
        return {"zero_point_out": self.zero_point_out, "clamp_low": low, "clamp_high": high}

    def scales(self, bias: Array | None, channels: int) -> Array:
        """Returns the table [1, 1, channels, 3] of bias, multiplier and shift."""
        columns = (0 if bias is None else bias.reshape(-1), self.multiplier, self.shift)
        spread = [np.broadcast_to(column, channels) for column in columns]
        return np.stack(spread, axis=-1).astype("<i4").reshape(1, 1, channels, SCALE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Ending:
    """The parts of a product's draft that depend on its ending."""

    dtype_out: DType
    third: Mapping[ConstantSlot, Operand | None]
    fields: Mapping[str, object]


def ending(bias: Array | None, channels: int, to: Narrowing | None) -> Ending:
    """Returns the parts of a draft: to int32, or to int8 if `to` says how."""
    if to is None:
        return Ending(DType.INT32, {ConstantSlot.BIAS_OR_TABLE: bias}, {})
    return Ending(DType.INT8, {ConstantSlot.CHANNELS: to.scales(bias, channels)}, to.fields)


def third_shape(descriptor: Descriptor) -> Shape:
    """Returns the shape of a product's third input: a bias, or the scales of the channels."""
    channels = descriptor.output_shape[3]
    return (1, 1, channels, SCALE_COLUMNS) if narrows(descriptor) else (1, 1, 1, channels)


def third_bytes(descriptor: Descriptor) -> int:
    """Returns the bytes of the third input that one element needs: 0 without one."""
    if len(descriptor.inputs) < 3:
        return 0
    return SCALE_BYTES if narrows(descriptor) else BIAS_BYTES


def third_run(descriptor: Descriptor, spec: TensorSpec, place: Place) -> Run:
    """Returns the run of the third input that the element at `place` needs."""
    if narrows(descriptor):
        return row_run(spec, place.column)
    return element_run(spec, Place(0, place.column))


def ended(descriptor: Descriptor, sums: Array, third: Array | None) -> Array:
    """Returns a product's output [..., N] from its exact sums and its third input, if any."""
    if not narrows(descriptor):
        return wrapped(sums, third)
    return _requantised(descriptor, sums, _columns(third))


def narrow(descriptor: Descriptor, sums: Array, third: Array | None) -> Array:
    """Returns the int8 output [..., N] of a product from its int32 sums, bias included."""
    _, multiplier, shift = _columns(third)
    return _requantised(descriptor, sums, (None, multiplier, shift))


def _requantised(
    descriptor: Descriptor, sums: Array, columns: tuple[Array | None, Array, Array]
) -> Array:
    """Returns int8 sums [..., N], a block at a time."""
    bias, multiplier, shift = columns
    width = sums.shape[-1]
    rows = sums.reshape(-1, width)
    found = np.empty(rows.shape, np.int8)
    step = max(1, BLOCK // width)
    for at in range(0, len(rows), step):
        block = wrapped(rows[at : at + step], bias)
        found[at : at + step] = requantised(descriptor, block, multiplier, shift)
    return found.reshape(sums.shape)


def bias_in(third: Array | None) -> Array:
    """Returns the bias [1, 1, 1, N] in the scales of a product to int8, as int32."""
    bias: Array = _columns(third)[0].astype(np.int32)
    return bias.reshape(1, 1, 1, -1)


def wrapped(sums: Array, bias: Array | None) -> Array:
    """Returns exact sums plus an int32 bias [..., N], wrapped to int32."""
    total = sums.astype(np.int64)
    if bias is not None:
        total += bias.reshape(-1)
    return total.astype(np.int32)


def provable(descriptor: Descriptor, third: Array | None) -> None:
    """Raises UnprovableError when a scale that an element needs is out of range."""
    if not narrows(descriptor):
        return
    _, multiplier, shift = (int(column.item()) for column in _columns(third))
    if multiplier < 1 or not 1 <= shift <= MAX_SHIFT:
        raise UnprovableError(f"a channel has {multiplier} and {shift}")


def _columns(third: Array | None) -> tuple[Array, Array, Array]:
    """Returns bias, multiplier and shift of the channels, int64 [N] each."""
    if third is None:
        raise ValueError("a product to int8 has the scales of its channels as its third input")
    bias, multiplier, shift = third.reshape(-1, SCALE_COLUMNS).astype(np.int64).T
    return bias, multiplier, shift

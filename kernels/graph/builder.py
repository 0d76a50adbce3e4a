"""Builds a graph operator by operator and infers shapes on the way."""

import numpy as np

from kernels.graph.assembly import Operand, Value, operand_shape
from kernels.graph.descriptor import ConstantSlot, Opcode, Window
from kernels.graph.movement import Movement
from kernels.graph.rules import CHANNEL_AXIS
from kernels.trace import DType
from kernels.trace.layout import Array

__all__ = ["GraphBuilder", "Value"]


class GraphBuilder(Movement):
    """Each method appends one operator and returns its output; GraphError when a rule is broken."""

    def matmul(self, a: Value, b: Operand, bias: Array | None = None) -> Value:
        """int8 A[B0, B1, M, K] · B[N, K]ᵀ + int32 bias[N] to int32 [B0, B1, M, N].

        B is constant or computed, one for all, or a batch [B0, B1, N, K] of one for each A.
        """
        return self._append(
            Opcode.MATMUL,
            DType.INT32,
            a,
            {ConstantSlot.WEIGHTS: b, ConstantSlot.BIAS_OR_TABLE: bias},
            free=(*a.spec.shape[:3], operand_shape(b)[2]),
        )

    def convolution(
        self,
        x: Value,
        weights: Array,
        bias: Array | None = None,
        *,
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: tuple[int, int, int, int] = (0, 0, 0, 0),
        pad_value: int = 0,
        zero_point_in: int = 0,
    ) -> Value:
        """Int8 NHWC with int8 weights [O, KH, KW, C] and int32 bias [O] to int32 NHWC."""
        kernel = weights.shape[1], weights.shape[2]
        return self._append(
            Opcode.CONVOLUTION,
            DType.INT32,
            x,
            {ConstantSlot.WEIGHTS: weights, ConstantSlot.BIAS_OR_TABLE: bias},
            free=(*x.spec.shape[:3], weights.shape[0]),
            window=Window(kernel, stride, dilation, padding),
            pad_value=pad_value,
            zero_point_in=zero_point_in,
        )

    def depthwise(
        self,
        x: Value,
        weights: Array,
        bias: Array | None = None,
        *,
        stride: tuple[int, int] = (1, 1),
        dilation: tuple[int, int] = (1, 1),
        padding: tuple[int, int, int, int] = (0, 0, 0, 0),
        pad_value: int = 0,
        zero_point_in: int = 0,
    ) -> Value:
        """Int8 NHWC with an int8 filter [C, KH, KW, 1] a channel and int32 bias [C] to int32."""
        kernel = weights.shape[1], weights.shape[2]
        return self._append(
            Opcode.DEPTHWISE,
            DType.INT32,
            x,
            {ConstantSlot.WEIGHTS: weights, ConstantSlot.BIAS_OR_TABLE: bias},
            window=Window(kernel, stride, dilation, padding),
            pad_value=pad_value,
            zero_point_in=zero_point_in,
        )

    def requantise(
        self,
        x: Value,
        multiplier: int | Array,
        shift: int | Array,
        *,
        zero_point_out: int = 0,
        clamp: tuple[int, int] | None = None,
        dtype: DType = DType.INT8,
    ) -> Value:
        """Int32 to int8 or int32; a pair of numbers for the tensor, or two arrays [C].

        The clamp is the dtype's whole range unless given.
        """
        low, high = clamp or (dtype.low, dtype.high)
        if isinstance(multiplier, int) and isinstance(shift, int):
            return self._append(
                Opcode.REQUANTISE,
                dtype,
                x,
                zero_point_out=zero_point_out,
                clamp_low=low,
                clamp_high=high,
                multiplier=multiplier,
                shift=shift,
            )
        table = np.stack([np.asarray(multiplier), np.asarray(shift)], axis=-1).astype("<i4")
        return self._append(
            Opcode.REQUANTISE,
            dtype,
            x,
            {ConstantSlot.CHANNELS: table},
            zero_point_out=zero_point_out,
            clamp_low=low,
            clamp_high=high,
            per_channel=True,
            axis=CHANNEL_AXIS,
        )

    def relu(self, x: Value, low: int = 0, high: int | None = None) -> Value:
        """Clamp to low..high, by default 0 and the largest value of the dtype."""
        top = x.spec.dtype.high if high is None else high
        return self._append(Opcode.RELU, x.spec.dtype, x, clamp_low=low, clamp_high=top)

    def add(self, a: Value, b: Operand) -> Value:
        """Int32 sum that wraps; B constant or computed, each axis A's or 1."""
        return self._append(Opcode.ADD, DType.INT32, a, {ConstantSlot.WEIGHTS: b})

    def multiply(
        self, a: Value, b: Operand, *, zero_point_a: int = 0, zero_point_b: int = 0
    ) -> Value:
        """(a - zero_point_a) * (b - zero_point_b), int8 to int32; B as in `add`."""
        return self._append(
            Opcode.MULTIPLY,
            DType.INT32,
            a,
            {ConstantSlot.WEIGHTS: b},
            zero_point_in=zero_point_a,
            pad_value=zero_point_b,
        )

    def max_pool(
        self,
        x: Value,
        kernel: tuple[int, int],
        *,
        stride: tuple[int, int] | None = None,
        padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> Value:
        """Largest int8 in each window; the stride is the kernel unless given."""
        window = Window(kernel, stride or kernel, (1, 1), padding)
        return self._append(Opcode.MAX_POOL, DType.INT8, x, window=window)

    def lookup(self, x: Value, table: Array) -> Value:
        """int8 table[256] indexed by x + 128."""
        return self._append(Opcode.LOOKUP, DType.INT8, x, {ConstantSlot.BIAS_OR_TABLE: table})

    def gather(self, indices: Value, table: Operand) -> Value:
        """Rows of table [V, C], int8 or int32, by int32 indices [N, H, W, 1] clamped to 0..V-1."""
        dtype = table.spec.dtype if isinstance(table, Value) else DType.of(table)
        return self._append(
            Opcode.GATHER,
            dtype,
            indices,
            {ConstantSlot.WEIGHTS: table},
            free=(*indices.spec.shape[:3], operand_shape(table)[3]),
        )

    def argmax(self, x: Value) -> Value:
        """Index of the largest element of each row, the lowest on ties, int32."""
        return self._append(Opcode.ARGMAX, DType.INT32, x)

    def reduce_sum(self, x: Value) -> Value:
        """Sum of each row, int32 [N, H, W, 1], wraps."""
        return self._append(Opcode.REDUCE_SUM, DType.INT32, x)

    def softmax(self, x: Value, multiplier: int, shift: int) -> Value:
        """Softmax of each row to int8 of scale 1/256 and zero point -128.

        multiplier / 2^shift is 1,024 times the scale of x over ln 2.
        """
        return self._append(Opcode.SOFTMAX, DType.INT8, x, multiplier=multiplier, shift=shift)

    def layer_norm(self, x: Value, gamma: Array, beta: Array, shift: int) -> Value:
        """Each int32 row normalised, times gamma[C] / 2^shift, plus beta[C], to int32.

        gamma / 2^shift is the layer's factor times sqrt(C) / 2^20 over the output's scale.
        """
        table = np.stack([np.asarray(gamma), np.asarray(beta)], axis=-1).astype("<i4")
        return self._append(
            Opcode.LAYER_NORM, DType.INT32, x, {ConstantSlot.CHANNELS: table}, shift=shift
        )

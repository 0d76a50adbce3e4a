"""Builds a graph operator by operator and infers shapes on the way."""

from dataclasses import dataclass, replace

import numpy as np

from kernels.graph.descriptor import (
    NO_ROOT,
    ConstantSlot,
    Descriptor,
    Input,
    InputKind,
    Opcode,
    Rounding,
    Window,
)
from kernels.graph.errors import GraphError, Reason
from kernels.graph.graph import Graph
from kernels.graph.rules import CHANNEL_AXIS, check, expected_shapes, multiply_adds
from kernels.graph.topology import TensorSpec
from kernels.trace import DType, Shape, shape4, tensor_root
from kernels.trace.layout import Array


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor inside a graph under construction."""

    source: Input
    spec: TensorSpec


class GraphBuilder:
    """Each method appends one operator and returns its output; GraphError when a rule is broken."""

    def __init__(self) -> None:
        self._descriptors: list[Descriptor] = []
        self._constants: dict[tuple[bytes, TensorSpec], Array] = {}
        self._inputs = 0

    def input(self, shape: tuple[int, ...], dtype: DType = DType.INT8) -> Value:
        """A job input."""
        self._inputs += 1
        spec = TensorSpec(shape4(shape), dtype)
        return Value(Input(InputKind.JOB_INPUT, self._inputs - 1), spec)

    def view(self, value: Value, shape: tuple[int, ...]) -> Value:
        """The same bytes under another shape; appends nothing."""
        spec = TensorSpec(shape4(shape), value.spec.dtype)
        if not value.spec.same_bytes(spec):
            raise GraphError(Reason.OPERAND_MISMATCH, f"{value.spec} cannot be read as {spec}")
        return Value(value.source, spec)

    def matmul(self, a: Value, b: Value | Array, bias: Array | None = None) -> Value:
        """A[M, K] int8 · B[N, K]ᵀ int8 + bias[N] int32 to int32 [M, N]; B constant or computed."""
        flat = self.view(a, (a.spec.rows, a.spec.shape[3]))
        return self._append(
            Opcode.MATMUL,
            DType.INT32,
            flat,
            {ConstantSlot.WEIGHTS: b, ConstantSlot.BIAS_OR_TABLE: bias},
            width=(b.spec.shape if isinstance(b, Value) else shape4(b.shape))[2],
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
            width=weights.shape[0],
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
        clamp: tuple[int, int] = (-128, 127),
    ) -> Value:
        """Int32 to int8; a pair of numbers for the tensor, or two arrays [C] for the channels."""
        low, high = clamp
        if isinstance(multiplier, int) and isinstance(shift, int):
            return self._append(
                Opcode.REQUANTISE,
                DType.INT8,
                x,
                rounding=Rounding.HALF_UP,
                zero_point_out=zero_point_out,
                clamp_low=low,
                clamp_high=high,
                multiplier=multiplier,
                shift=shift,
            )
        table = np.stack([np.asarray(multiplier), np.asarray(shift)], axis=-1).astype("<i4")
        return self._append(
            Opcode.REQUANTISE,
            DType.INT8,
            x,
            {ConstantSlot.CHANNELS: table},
            rounding=Rounding.HALF_UP,
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

    def add(self, a: Value, b: Value | Array) -> Value:
        """Int32 sum that wraps; B constant or computed, of the same shape."""
        return self._append(Opcode.ADD, DType.INT32, a, {ConstantSlot.WEIGHTS: b})

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

    def argmax(self, x: Value) -> Value:
        """Index of the largest element of each row, the lowest on ties, int32."""
        return self._append(Opcode.ARGMAX, DType.INT32, x)

    def build(self) -> Graph:
        """The checked graph."""
        return Graph(tuple(self._descriptors), dict(self._constants))

    def _append(
        self,
        opcode: Opcode,
        dtype_out: DType,
        x: Value,
        others: dict[ConstantSlot, Value | Array | None] | None = None,
        width: int | None = None,
        **values: object,
    ) -> Value:
        roots = [NO_ROOT, NO_ROOT, NO_ROOT]
        operands = [x]
        for slot, operand in (others or {}).items():
            if isinstance(operand, Value):
                operands.append(operand)
            elif operand is not None:
                operands.append(self._constant(slot, operand, roots))
        first = x.spec.shape
        draft = Descriptor(
            opcode=opcode,
            dtype_in=x.spec.dtype,
            dtype_out=dtype_out,
            inputs=tuple(operand.source for operand in operands),
            input_shapes=tuple(operand.spec.shape for operand in operands),
            output_shape=(*first[:3], width or first[3]),
            roots=(roots[0], roots[1], roots[2]),
            **values,  # type: ignore[arg-type]
        )
        output: Shape = expected_shapes(draft)[-1]
        shaped = replace(draft, output_shape=output)
        descriptor = replace(shaped, multiply_adds=multiply_adds(shaped))
        check(descriptor)
        self._descriptors.append(descriptor)
        source = Input(InputKind.OPERATOR_OUTPUT, len(self._descriptors) - 1)
        return Value(source, TensorSpec(output, dtype_out))

    def _constant(self, slot: ConstantSlot, array: Array, roots: list[bytes]) -> Value:
        held = np.ascontiguousarray(array).reshape(shape4(array.shape))
        spec = TensorSpec(shape4(held.shape), DType.of(held))
        roots[slot] = tensor_root(held)
        self._constants[roots[slot], spec] = held
        return Value(Input(InputKind.CONSTANT, slot), spec)

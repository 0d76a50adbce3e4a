"""The part of a graph's construction that no operator knows: inputs, views, constants, checks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kernels.graph.descriptor import (
    NO_ROOT,
    ConstantSlot,
    Descriptor,
    Input,
    InputKind,
    Opcode,
)
from kernels.graph.errors import GraphError, Reason
from kernels.graph.graph import Graph
from kernels.graph.limits import multiply_adds
from kernels.graph.rules import check
from kernels.graph.shapes import expected_shapes
from kernels.graph.signatures import SIGNATURES
from kernels.graph.topology import TensorSpec
from kernels.trace import DType, Shape, shape4, tensor_root
from kernels.trace.layout import Array


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor inside a graph under construction."""

    source: Input
    spec: TensorSpec


Operand = Value | Array


def operand_shape(operand: Operand) -> Shape:
    """A tensor's shape with its leading ones."""
    return operand.spec.shape if isinstance(operand, Value) else shape4(operand.shape)


class Assembly:
    """Operators appended so far, each checked when it is appended."""

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

    @property
    def latest(self) -> Input:
        """Where the output of the latest operator is read."""
        return Input(InputKind.OPERATOR_OUTPUT, len(self._descriptors) - 1)

    def build(self) -> Graph:
        """The checked graph."""
        return Graph(tuple(self._descriptors), dict(self._constants))

    def _append(
        self,
        opcode: Opcode,
        dtype_out: DType,
        x: Value,
        others: Mapping[ConstantSlot, Operand | None] | None = None,
        free: Shape | None = None,
        **values: object,
    ) -> Value:
        """Append an operator; `free` is an output shape of which the free axes count."""
        roots = [NO_ROOT, NO_ROOT, NO_ROOT]
        operands = [x]
        for slot, operand in (others or {}).items():
            if isinstance(operand, Value):
                operands.append(operand)
            elif operand is not None:
                operands.append(self._constant(slot, operand, roots))
        draft = Descriptor(
            opcode=opcode,
            dtype_in=x.spec.dtype,
            dtype_out=dtype_out,
            inputs=tuple(operand.source for operand in operands),
            input_shapes=tuple(operand.spec.shape for operand in operands),
            output_shape=free or x.spec.shape,
            rounding=SIGNATURES[opcode].rounding,
            roots=(roots[0], roots[1], roots[2]),
            **values,  # type: ignore[arg-type]
        )
        output = expected_shapes(draft)[-1]
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

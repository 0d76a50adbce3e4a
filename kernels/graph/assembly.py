"""The part of a graph's construction that no operator knows: inputs, views, constants, checks."""

from dataclasses import replace
from typing import Any

import numpy as np

from kernels.codes import ConstantSlot, InputKind
from kernels.descriptor import (
    NO_ROOT,
    Descriptor,
    GraphError,
    Input,
    Reason,
    TensorSpec,
    Value,
)
from kernels.exact import Draft, check, multiply_adds, operator_of
from kernels.graph.graph import Graph
from kernels.trace import Array, DType, shape4, tensor_root


class Assembly:
    """The operators appended so far; each is checked when it is appended."""

    def __init__(self) -> None:
        self._descriptors: list[Descriptor] = []
        self._constants: dict[tuple[bytes, TensorSpec], Array] = {}
        self._inputs = 0

    def input(self, shape: tuple[int, ...], dtype: DType = DType.INT8) -> Value:
        """Adds a job input and returns it."""
        self._inputs += 1
        spec = TensorSpec(shape4(shape), dtype)
        return Value(Input(InputKind.JOB_INPUT, self._inputs - 1), spec)

    def view(self, value: Value, shape: tuple[int, ...]) -> Value:
        """Returns the same bytes under another shape; appends nothing.

        Raises GraphError (OperandMismatch) when the bytes differ under that shape.
        """
        spec = TensorSpec(shape4(shape), value.spec.dtype)
        if not value.spec.same_bytes(spec):
            raise GraphError(Reason.OPERAND_MISMATCH, f"{value.spec} cannot be read as {spec}")
        return Value(value.source, spec)

    def drop_unread_inputs(self) -> tuple[int, ...]:
        """Leaves out the job inputs that no operator reads; returns the numbers of the others.

        The others are numbered anew, so that values taken before are of no use any more.
        """
        operands = (operand for each in self._descriptors for operand in each.inputs)
        read = {each.index for each in operands if each.kind is InputKind.JOB_INPUT}
        numbers = {old: new for new, old in enumerate(sorted(read))}
        self._inputs = len(numbers)
        self._descriptors = [
            replace(
                each,
                inputs=tuple(
                    replace(operand, index=numbers[operand.index])
                    if operand.kind is InputKind.JOB_INPUT
                    else operand
                    for operand in each.inputs
                ),
            )
            for each in self._descriptors
        ]
        return tuple(numbers)

    @property
    def latest(self) -> Input:
        """Where the output of the latest operator is read from."""
        return Input(InputKind.OPERATOR_OUTPUT, len(self._descriptors) - 1)

    def build(self, *, bounded: bool = True) -> Graph:
        """Returns the checked graph; raises GraphError when it breaks a rule.

        Unless `bounded`, it may have more operators than a job.
        """
        return Graph(tuple(self._descriptors), dict(self._constants), bounded)

    def append(self, draft: Draft) -> Value:
        """Appends an operator and returns its output; raises GraphError when a rule is broken."""
        roots = [NO_ROOT, NO_ROOT, NO_ROOT]
        operands = [draft.x]
        for slot, operand in draft.others.items():
            if isinstance(operand, Value):
                operands.append(operand)
            elif operand is not None:
                operands.append(self._constant(slot, operand, roots))
        fields: dict[str, Any] = dict(draft.fields)
        bare = Descriptor(
            opcode=draft.opcode,
            dtype_in=draft.x.spec.dtype,
            dtype_out=draft.dtype_out,
            inputs=tuple(operand.source for operand in operands),
            input_shapes=tuple(operand.spec.shape for operand in operands),
            output_shape=draft.free or draft.x.spec.shape,
            roots=(roots[0], roots[1], roots[2]),
            **fields,
        )
        operator = operator_of(bare)
        shaped = replace(
            bare,
            rounding=operator.signature_of(bare).rounding,
            output_shape=operator.expected_shapes(bare)[-1],
        )
        descriptor = replace(shaped, multiply_adds=multiply_adds(shaped))
        check(descriptor)
        self._descriptors.append(descriptor)
        return Value(self.latest, TensorSpec(descriptor.output_shape, draft.dtype_out))

    def _constant(self, slot: ConstantSlot, array: Array, roots: list[bytes]) -> Value:
        held = np.ascontiguousarray(array).reshape(shape4(array.shape))
        spec = TensorSpec(shape4(held.shape), DType.of(held))
        roots[slot] = tensor_root(held)
        self._constants[roots[slot], spec] = held
        return Value(Input(InputKind.CONSTANT, slot), spec)

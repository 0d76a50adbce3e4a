"""How the operators of a graph fit together."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernels.graph.descriptor import Descriptor, InputKind
from kernels.graph.errors import GraphError, Reason
from kernels.graph.rules import check
from kernels.graph.signatures import input_dtype
from kernels.trace import DType, Shape, row_stride

MAX_OPERATORS = 256
MAX_JOB_INPUTS = 8


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape (NHWC, leading ones) and element type of a tensor."""

    shape: Shape
    dtype: DType

    @property
    def rows(self) -> int:
        """Number of rows; a row is the last axis."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def row_bytes(self) -> int:
        """Bytes of a row without its padding."""
        return self.shape[3] * self.dtype.size

    @property
    def stride(self) -> int:
        """Bytes from a row to the next."""
        return row_stride(self.row_bytes)

    @property
    def stored_bytes(self) -> int:
        """Length of the canonical bytes."""
        return self.rows * self.stride

    def same_bytes(self, other: "TensorSpec") -> bool:
        """Whether a tensor may be read under the other shape: its canonical bytes stay the same."""
        if self.dtype is not other.dtype:
            return False
        if self.row_bytes == other.row_bytes:
            return self.rows == other.rows
        dense = self.row_bytes == self.stride and other.row_bytes == other.stride
        return dense and self.stored_bytes == other.stored_bytes


def input_spec(descriptor: Descriptor, position: int) -> TensorSpec:
    """What an operator expects as one of its inputs."""
    return TensorSpec(descriptor.input_shapes[position], input_dtype(descriptor, position))


def output_spec(descriptor: Descriptor) -> TensorSpec:
    """What an operator writes."""
    return TensorSpec(descriptor.output_shape, descriptor.dtype_out)


def constant_keys(descriptors: Sequence[Descriptor]) -> tuple[tuple[bytes, TensorSpec], ...]:
    """Root and form of every constant, in order of first use."""
    keys: dict[tuple[bytes, TensorSpec], None] = {}
    for descriptor in descriptors:
        for position, operand in enumerate(descriptor.inputs):
            if operand.kind is InputKind.CONSTANT:
                keys.setdefault((descriptor.roots[operand.index], input_spec(descriptor, position)))
    return tuple(keys)


def check_graph(descriptors: Sequence[Descriptor]) -> tuple[TensorSpec, ...]:
    """Check every operator and every edge; return the job inputs in order.

    A job input takes the form in which it is used first. Raises GraphError, naming the operator.
    """
    if not 1 <= len(descriptors) <= MAX_OPERATORS:
        raise GraphError(
            Reason.OPERATOR_LIMIT, f"{len(descriptors)} operators, expected 1 to {MAX_OPERATORS}"
        )
    job_inputs: dict[int, TensorSpec] = {}
    for index, descriptor in enumerate(descriptors):
        try:
            check(descriptor)
            for position, operand in enumerate(descriptor.inputs):
                needed = input_spec(descriptor, position)
                if operand.kind is InputKind.OPERATOR_OUTPUT:
                    _check_edge(descriptors, index, operand.index, needed)
                elif operand.kind is InputKind.JOB_INPUT:
                    _check_job_input(job_inputs, operand.index, needed)
        except GraphError as error:
            raise error.at(index, descriptor.opcode.name.lower()) from None
    if sorted(job_inputs) != list(range(len(job_inputs))) or not job_inputs:
        raise GraphError(
            Reason.BAD_TOPOLOGY, f"job inputs {sorted(job_inputs)} are not numbered 0, 1, 2, ..."
        )
    return tuple(job_inputs[index] for index in sorted(job_inputs))


def _check_edge(
    descriptors: Sequence[Descriptor], index: int, source: int, needed: TensorSpec
) -> None:
    if source >= index:
        raise GraphError(Reason.BAD_TOPOLOGY, f"reads operator {source}, which is not before it")
    offered = output_spec(descriptors[source])
    if not offered.same_bytes(needed):
        raise GraphError(
            Reason.OPERAND_MISMATCH, f"needs {needed}, but operator {source} gives {offered}"
        )


def _check_job_input(job_inputs: dict[int, TensorSpec], number: int, needed: TensorSpec) -> None:
    if number >= MAX_JOB_INPUTS:
        raise GraphError(
            Reason.INPUT_LIMIT, f"job input {number}, at most {MAX_JOB_INPUTS} are allowed"
        )
    offered = job_inputs.setdefault(number, needed)
    if not offered.same_bytes(needed):
        raise GraphError(
            Reason.OPERAND_MISMATCH, f"needs {needed}, but job input {number} is {offered}"
        )

"""How the operators of a graph fit together."""

from collections.abc import Sequence

from kernels.codes import MAX_JOB_INPUTS, MAX_OPERATORS, InputKind
from kernels.descriptor import Descriptor, GraphError, Reason, TensorSpec, output_spec
from kernels.exact import check, input_spec


def constant_keys(descriptors: Sequence[Descriptor]) -> tuple[tuple[bytes, TensorSpec], ...]:
    """Returns root and form of every constant, in order of first use."""
    keys: dict[tuple[bytes, TensorSpec], None] = {}
    for descriptor in descriptors:
        for position, operand in enumerate(descriptor.inputs):
            if operand.kind is InputKind.CONSTANT:
                keys.setdefault((descriptor.roots[operand.index], input_spec(descriptor, position)))
    return tuple(keys)


def check_graph(
    descriptors: Sequence[Descriptor], *, bounded: bool = True
) -> tuple[TensorSpec, ...]:
    """Checks every operator and every edge; returns the form of each job input, in order.

    A job input takes the form of its first use. Unless `bounded`, there may be any number of
    operators. Raises GraphError, which names the operator.
    """
    if not descriptors or (bounded and len(descriptors) > MAX_OPERATORS):
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

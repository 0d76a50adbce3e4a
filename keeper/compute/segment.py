"""The operators of one stage as a graph of their own.

What a stage reads from earlier operators becomes a job input, so that a successor goes on from a
checkpoint without computing anything twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kernels.graph import Descriptor, Graph, GraphError, Input, InputKind, input_spec
from kernels.graph.graph import Constants
from kernels.reference import Executor
from kernels.trace.layout import Array


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a graph, and where each of its inputs comes from in the whole."""

    graph: Graph
    sources: tuple[Input, ...]


def segment(graph: Graph, first: int, last: int) -> Segment:
    """Operators first..last - 1 of a graph.

    Raises ValueError on an empty or impossible range, GraphError when the part reads more tensors
    than a graph may have inputs.
    """
    if not 0 <= first < last <= len(graph.descriptors):
        raise ValueError(f"operators {first}..{last} of {len(graph.descriptors)}")
    sources: dict[Input, int] = {}

    def rewired(operand: Input) -> Input:
        if operand.kind is InputKind.CONSTANT:
            return operand
        if operand.kind is InputKind.OPERATOR_OUTPUT and operand.index >= first:
            return Input(operand.kind, operand.index - first)
        return Input(InputKind.JOB_INPUT, sources.setdefault(operand, len(sources)))

    descriptors = tuple(
        replace(descriptor, inputs=tuple(map(rewired, descriptor.inputs)))
        for descriptor in graph.descriptors[first:last]
    )
    return Segment(Graph(descriptors, _constants(graph, descriptors)), tuple(sources))


def execute_segment(
    executor: Executor,
    graph: Graph,
    operators: range,
    inputs: Sequence[Array],
    earlier: Sequence[Array],
) -> list[Array]:
    """Outputs of a range of operators, given the job's inputs and all outputs before the range."""
    if operators == range(len(graph.descriptors)):
        return executor.execute(graph, inputs)
    try:
        part = segment(graph, operators.start, operators.stop)
    except GraphError:
        # Everything up to the stage reads job inputs alone, so that part always is a graph.
        whole = segment(graph, 0, operators.stop)
        return executor.execute(whole.graph, inputs)[operators.start :]
    given = [
        (inputs if source.kind is InputKind.JOB_INPUT else earlier)[source.index]
        for source in part.sources
    ]
    shaped = [
        array.reshape(spec.shape) for array, spec in zip(given, part.graph.inputs, strict=True)
    ]
    return executor.execute(part.graph, shaped)


def _constants(graph: Graph, descriptors: Sequence[Descriptor]) -> Constants:
    keys = {
        (descriptor.roots[operand.index], input_spec(descriptor, position))
        for descriptor in descriptors
        for position, operand in enumerate(descriptor.inputs)
        if operand.kind is InputKind.CONSTANT
    }
    return {key: graph.constants[key] for key in keys}

"""Cuts the operators of one stage out of a graph, as a graph of their own.

Outputs of earlier operators become job inputs, so that a successor continues from a checkpoint
without computing anything twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keeper.compute.executor import RenewingExecutor
from kernels.graph import Descriptor, Graph, GraphError, Input, InputKind, input_spec
from kernels.graph.graph import Constants
from kernels.graph.reference import Executor
from kernels.trace import CommittedOutputs
from kernels.trace.layout import Array


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a graph, and the source of each of its inputs in the whole graph."""

    graph: Graph
    sources: tuple[Input, ...]


def segment(graph: Graph, first: int, last: int) -> Segment:
    """Returns operators first..last - 1 of a graph as a segment.

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
    """Returns the outputs of a range of operators.

    `earlier` holds the outputs of all operators before the range.
    """
    placed = _placed(graph, operators, inputs, earlier)
    return executor.execute(placed.graph, placed.inputs)[placed.skipped :]


def commit_segment(
    executor: Executor,
    graph: Graph,
    operators: range,
    inputs: Sequence[Array],
    earlier: Sequence[Array],
) -> CommittedOutputs:
    """Returns what `execute_segment` returns, with the tensor root of each output.

    Outputs are hashed on the device that computed them.
    """
    placed = _placed(graph, operators, inputs, earlier)
    if not isinstance(executor, RenewingExecutor):
        outputs = executor.execute(placed.graph, placed.inputs)
        return CommittedOutputs.hashed(outputs[placed.skipped :])
    found = executor.execute_committed(placed.graph, placed.inputs)
    return CommittedOutputs(
        found.outputs[placed.skipped :], found.roots[placed.skipped :], found.hashing_seconds
    )


@dataclass(frozen=True, slots=True)
class _Placed:
    graph: Graph
    inputs: Sequence[Array]
    skipped: int


def _placed(
    graph: Graph, operators: range, inputs: Sequence[Array], earlier: Sequence[Array]
) -> _Placed:
    if operators == range(len(graph.descriptors)):
        return _Placed(graph, inputs, 0)
    try:
        part = segment(graph, operators.start, operators.stop)
    except GraphError:
        # Operators from the first to the end of the stage read only job inputs: always a graph.
        return _Placed(segment(graph, 0, operators.stop).graph, inputs, operators.start)
    given = [
        (inputs if source.kind is InputKind.JOB_INPUT else earlier)[source.index]
        for source in part.sources
    ]
    shaped = [
        array.reshape(spec.shape) for array, spec in zip(given, part.graph.inputs, strict=True)
    ]
    return _Placed(part.graph, shaped, 0)


def _constants(graph: Graph, descriptors: Sequence[Descriptor]) -> Constants:
    keys = {
        (descriptor.roots[operand.index], input_spec(descriptor, position))
        for descriptor in descriptors
        for position, operand in enumerate(descriptor.inputs)
        if operand.kind is InputKind.CONSTANT
    }
    return {key: graph.constants[key] for key in keys}

"""Cuts a stage at operator boundaries, so that other tenants get the device in between."""

from collections.abc import Sequence

from keeper.compute import Lane, commit_segment
from kernels.graph import Graph
from kernels.graph.reference import Executor
from kernels.trace import CommittedOutputs
from kernels.trace.layout import Array


def slices(graph: Graph, operators: range, most_macs: int | None) -> list[range]:
    """Returns consecutive parts of at most `most_macs` multiply-adds and at least one operator.

    With None the range stays whole.
    """
    if most_macs is None:
        return [operators]
    parts: list[range] = []
    start, macs = operators.start, 0
    for at in operators:
        cost = graph.descriptors[at].multiply_adds
        if at > start and macs + cost > most_macs:
            parts.append(range(start, at))
            start, macs = at, 0
        macs += cost
    return [*parts, range(start, operators.stop)]


async def commit_in_slices(
    lane: Lane,
    executor: Executor,
    graph: Graph,
    *,
    operators: range,
    inputs: Sequence[Array],
    earlier: Sequence[Array],
    most_macs: int | None,
) -> CommittedOutputs:
    """Returns what `commit_segment` returns; each slice is one turn in the lane."""
    outputs = list(earlier)
    roots: list[bytes] = []
    seconds = 0.0
    for part in slices(graph, operators, most_macs):
        found = await lane.run(commit_segment, executor, graph, part, inputs, outputs)
        outputs += found.outputs
        roots += found.roots
        seconds += found.hashing_seconds
    return CommittedOutputs(outputs[len(earlier) :], roots, seconds)

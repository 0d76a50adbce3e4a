"""Pipeline parallel: consecutive operators form stages, one per node; batches follow each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from operator import add

from keeper.training.plan.cluster import Cluster, PlanError
from keeper.training.plan.performance import Performance
from kernels.codes import DESCRIPTOR_BYTES, MAX_JOB_INPUTS
from kernels.graph import Graph, Input, InputKind, input_spec


@dataclass(frozen=True, slots=True)
class Stage:
    """Operators first..last - 1 on a node; `received` counts the bytes that it reads.

    `work` is in multiply-adds, or in the measured equivalent.
    """

    node: int
    first: int
    last: int
    work: float
    received: int


@dataclass(frozen=True, slots=True)
class PipelinePlan:
    """The stages in order, without idle nodes, and the model's prediction per batch."""

    stages: tuple[Stage, ...]
    performance: Performance

    @property
    def cut_bytes(self) -> int:
        """The bytes that all stages receive."""
        return sum(stage.received for stage in self.stages)


def plan_pipeline(
    graph: Graph, cluster: Cluster, work: Sequence[float] | None = None
) -> PipelinePlan:
    """Returns the cut with the fastest slowest stage and, among equals, the fewest bytes moved.

    A stage's time is receiving plus computing. `work` is per operator, by default multiply-adds.
    Dynamic programming over (nodes, operators) finds the cut; nodes keep their order and may stay
    idle. Raises PlanError when the stages do not fit.
    """
    parts = _parts(graph, work or [each.multiply_adds for each in graph.descriptors])
    count = len(graph.descriptors)

    def seconds(node: int, first: int, last: int) -> float:
        part = parts[first, last]
        holder = cluster.nodes[node]
        if part.memory > holder.memory or part.sources > MAX_JOB_INPUTS:
            return inf
        return part.work / holder.throughput + cluster.link.seconds(part.received)

    def slowest(before: float, node: int, first: int, last: int) -> float:
        return max(before, seconds(node, first, last))

    limit = _best(count, len(cluster.nodes), slowest)[0]
    if limit == inf:
        raise PlanError("the nodes' memory does not hold the stages of the graph")

    def moved(before: float, node: int, first: int, last: int) -> float:
        return before + parts[first, last].received if seconds(node, first, last) <= limit else inf

    stages = tuple(
        Stage(node, first, last, parts[first, last].work, parts[first, last].received)
        for node, first, last in _best(count, len(cluster.nodes), moved)[1]
    )
    return PipelinePlan(stages, pipeline_performance(graph, stages, cluster))


def pipeline_performance(graph: Graph, stages: tuple[Stage, ...], cluster: Cluster) -> Performance:
    """Returns the performance at the rate of the slowest stage.

    C is the longest computation of a stage; L is what receiving adds to the time between batches.
    """
    computing = [stage.work / cluster.nodes[stage.node].throughput for stage in stages]
    receiving = [cluster.link.seconds(stage.received) for stage in stages]
    interval = max(map(add, computing, receiving))
    computation = max(computing)
    used = [cluster.nodes[stage.node].throughput for stage in stages]
    return Performance.of_step(graph.multiply_adds, used, interval - computation, computation)


@dataclass(frozen=True, slots=True)
class _Part:
    work: float
    received: int
    sources: int
    memory: int


def _parts(graph: Graph, works: Sequence[float]) -> dict[tuple[int, int], _Part]:
    """Returns every range of consecutive operators as a possible stage."""
    found = {}
    for first in range(len(graph.descriptors)):
        work, outputs = 0.0, 0
        sources: dict[Input, int] = {}
        constants: dict[tuple[bytes, object], int] = {}
        for at in range(first, len(graph.descriptors)):
            descriptor = graph.descriptors[at]
            work += works[at]
            outputs += graph.outputs[at].stored_bytes
            for position, operand in enumerate(descriptor.inputs):
                spec = input_spec(descriptor, position)
                if operand.kind is InputKind.CONSTANT:
                    constants[descriptor.roots[operand.index], spec] = spec.stored_bytes
                elif operand.kind is InputKind.JOB_INPUT or operand.index < first:
                    sources[operand] = spec.stored_bytes
            received = sum(sources.values())
            # Outputs count twice, for their readback, as in kernels.graph.memory_plan.
            memory = received + sum(constants.values()) + 2 * outputs
            memory += DESCRIPTOR_BYTES * (at + 1 - first)
            found[first, at + 1] = _Part(work, received, len(sources), memory)
    return found


def _best(
    count: int, nodes: int, extend: Callable[[float, int, int, int], float]
) -> tuple[float, list[tuple[int, int, int]]]:
    """Returns the least cost of all operators over all nodes, and its (node, first, last) stages.

    `extend(cost of operators before first, node, first, last)` must be monotonic in its first
    argument.
    """
    cost = [0.0] + [inf] * count
    cuts: list[list[int]] = []
    for node in range(nodes):
        reached, cut = list(cost), list(range(count + 1))
        for last in range(1, count + 1):
            for first in range(last):
                if cost[first] == inf:
                    continue
                found = extend(cost[first], node, first, last)
                if found < reached[last]:
                    reached[last], cut[last] = found, first
        cost = reached
        cuts.append(cut)
    stages = []
    last = count
    for node in reversed(range(nodes)):
        first = cuts[node][last]
        if first < last:
            stages.append((node, first, last))
        last = first
    return cost[count], stages[::-1]

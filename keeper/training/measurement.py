"""Measures the inputs of the performance model: throughput alone, and of several nodes at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from time import perf_counter

from keeper.compute import execute_segment
from kernels.graph import Graph
from kernels.graph.reference import Executor
from kernels.trace.layout import Array

RUNS = 9
OPERATOR_RUNS = 3


def seconds_alone_and_together(
    executors: Sequence[Executor], graph: Graph, inputs: Sequence[Array]
) -> tuple[float, float]:
    """Returns the seconds of one run on the first node, and of one run on all nodes at once.

    Both are the least of several alternating runs, so that other load affects both alike.
    """
    count = len(executors)

    def round_trip(pool: ThreadPoolExecutor) -> float:
        started = perf_counter()
        list(pool.map(_timed, executors, repeat(graph, count), repeat(inputs, count)))
        return perf_counter() - started

    with ThreadPoolExecutor(count) as pool:
        round_trip(pool)
        pairs = [(_timed(executors[0], graph, inputs), round_trip(pool)) for _ in range(RUNS)]
    alone, together = zip(*pairs, strict=True)
    return min(alone), min(together)


def operator_works(executor: Executor, graph: Graph, inputs: Sequence[Array]) -> list[float]:
    """Returns each operator's measured time, expressed in multiply-adds at the graph's mean rate.

    Each operator runs alone; the least of several runs counts. The sum is the graph's
    multiply-adds.
    """
    outputs = executor.execute(graph, inputs)
    seconds = [
        min(_operator(executor, graph, at, inputs, outputs) for _ in range(OPERATOR_RUNS))
        for at in range(len(outputs))
    ]
    return [graph.multiply_adds * each / sum(seconds) for each in seconds]


def _operator(
    executor: Executor, graph: Graph, at: int, inputs: Sequence[Array], outputs: Sequence[Array]
) -> float:
    started = perf_counter()
    execute_segment(executor, graph, range(at, at + 1), inputs, outputs[:at])
    return perf_counter() - started


def _timed(executor: Executor, graph: Graph, inputs: Sequence[Array]) -> float:
    started = perf_counter()
    executor.execute(graph, inputs)
    return perf_counter() - started

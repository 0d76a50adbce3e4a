"""The exact operators at the sizes that the kernel benchmark runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from kernels.exact import Benchmark, benchmarks
from kernels.floating.definition import Array, Work
from kernels.graph import Graph, GraphBuilder
from kernels.graph.reference import execute
from kernels.runtime.measured_operator import MeasuredOperator
from kernels.runtime.pipelines import Pipelines
from kernels.trace import DType


@dataclass(frozen=True, slots=True)
class Example:
    """A graph of one operator, its inputs, and the work of one run."""

    graph: Graph
    inputs: list[Array]
    work: Work


class OperatorSubject:
    """An exact operator at its example."""

    def __init__(self, device: Any, pipelines: Pipelines, example: Example) -> None:
        self._example = example
        self.work = example.work
        self._operator = MeasuredOperator(device, pipelines, example.graph, example.inputs)

    def tuned(self) -> float:
        """Runs the operator once and returns the seconds it took."""
        return self._operator.seconds()

    def naive(self) -> float:
        """Runs the naive twin once and returns the seconds it took."""
        return self._operator.seconds(naive=True)

    def numpy(self) -> float:
        """Returns the seconds that the NumPy twin takes."""
        started = perf_counter()
        execute(self._example.graph, self._example.inputs)
        return perf_counter() - started

    def check(self) -> None:
        """Raises AssertionError unless both give the same bits as the NumPy twin."""
        (twin,) = execute(self._example.graph, self._example.inputs)
        for naive in (False, True):
            self._operator.seconds(naive=naive)
            np.testing.assert_array_equal(self._operator.read(), twin)

    def release(self) -> None:
        """Frees the memory on the device."""
        self._operator.release()


def _example(benchmark: Benchmark, size: int) -> Example:
    build = GraphBuilder()
    case = benchmark.case(size, lambda array: build.input(array.shape, DType.of(array)))
    build.append(case.draft)
    return Example(build.build(), case.inputs, Work(flops=case.flops, bytes=case.bytes))


OPERATORS: Mapping[str, Callable[[int], Example]] = {
    benchmark.NAME: partial(_example, benchmark) for benchmark in benchmarks().values()
}
"""The example of each operator that has a naive twin, for a size."""

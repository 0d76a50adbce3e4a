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
    """A graph of one operator, its inputs and what a run of it amounts to."""

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
        """Seconds of a run."""
        return self._operator.seconds()

    def naive(self) -> float:
        """Seconds of a run of the naive twin."""
        return self._operator.seconds(naive=True)

    def numpy(self) -> float:
        """Seconds of the NumPy twin."""
        started = perf_counter()
        execute(self._example.graph, self._example.inputs)
        return perf_counter() - started

    def check(self) -> None:
        """Both give the NumPy twin's bits."""
        (twin,) = execute(self._example.graph, self._example.inputs)
        for naive in (False, True):
            self._operator.seconds(naive=naive)
            np.testing.assert_array_equal(self._operator.read(), twin)

    def release(self) -> None:
        """Give the device memory back."""
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

"""The exact operators at the sizes that the kernel benchmark runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from kernels.floating.definition import Array, Work
from kernels.graph import Graph, GraphBuilder
from kernels.graph.reference import execute
from kernels.runtime.measured_operator import MeasuredOperator
from kernels.runtime.pipelines import Pipelines
from kernels.trace import DType

CHANNELS = 64


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


def _rows(size: int) -> int:
    """Returns the number of rows of `size` elements; from 1,024 on they make 32 MiB of int32."""
    return (min(size, 1024) ** 2 << 3) // size


def _random(*shape: int, dtype: DType = DType.INT8, bound: int = 128) -> Array:
    values = np.random.default_rng(shape[0]).integers(-bound, bound, shape)
    return values.astype(dtype.numpy)


def _matmul(size: int) -> Example:
    build = GraphBuilder()
    build.matmul(build.input((size, size)), _random(size, size))
    return Example(build.build(), [_random(1, 1, size, size)], Work(flops=2 * size**3))


def _convolution(size: int) -> Example:
    edge = max(3, size // 16)
    build = GraphBuilder()
    x = build.input((1, edge, edge, CHANNELS))
    build.convolution(x, _random(CHANNELS, 3, 3, CHANNELS), padding=(1, 1, 1, 1))
    flops = 2 * edge * edge * CHANNELS * 9 * CHANNELS
    return Example(build.build(), [_random(1, edge, edge, CHANNELS)], Work(flops=flops))


def _depthwise(size: int) -> Example:
    edge = max(3, size // 4)
    build = GraphBuilder()
    x = build.input((1, edge, edge, CHANNELS))
    build.depthwise(x, _random(CHANNELS, 3, 3, 1), padding=(1, 1, 1, 1))
    flops = 2 * edge * edge * CHANNELS * 9
    return Example(build.build(), [_random(1, edge, edge, CHANNELS)], Work(flops=flops))


def _softmax(size: int) -> Example:
    build, rows = GraphBuilder(), _rows(size)
    build.softmax(build.input((rows, size)), 1 << 20, 12)
    return Example(build.build(), [_random(1, 1, rows, size)], Work(bytes=2 * rows * size))


def _wide(size: int) -> Array:
    return _random(1, 1, _rows(size), size, dtype=DType.INT32, bound=1 << 15)


def _layer_norm(size: int) -> Example:
    build, x = GraphBuilder(), _wide(size)
    ones = np.ones(size, np.int32)
    build.layer_norm(build.input(x.shape, DType.INT32), ones << 10, ones, 16)
    return Example(build.build(), [x], Work(bytes=2 * x.nbytes))


def _add(size: int) -> Example:
    build, x = GraphBuilder(), _wide(size)
    build.add(build.input(x.shape, DType.INT32), build.input(x.shape, DType.INT32))
    return Example(build.build(), [x, x], Work(bytes=3 * x.nbytes))


def _requantise(size: int) -> Example:
    build, x = GraphBuilder(), _wide(size)
    build.requantise(build.input(x.shape, DType.INT32), 1 << 30, 38)
    return Example(build.build(), [x], Work(bytes=x.nbytes + x.size))


def _lookup(size: int) -> Example:
    build, rows = GraphBuilder(), _rows(size)
    build.lookup(build.input((rows, size)), _random(256))
    return Example(build.build(), [_random(1, 1, rows, size)], Work(bytes=2 * rows * size))


def _gather(size: int) -> Example:
    build, table = GraphBuilder(), _wide(size)
    rows = table.shape[2]
    order = np.random.default_rng(size).permutation(rows).astype(np.int32).reshape(1, 1, rows, 1)
    indices = build.input(order.shape, DType.INT32)
    build.gather(indices, build.input(table.shape, DType.INT32))
    return Example(build.build(), [order, table], Work(bytes=2 * table.nbytes + order.nbytes))


def _transpose(size: int) -> Example:
    build, x = GraphBuilder(), _wide(size)
    build.transpose(build.input(x.shape, DType.INT32), (0, 1, 3, 2))
    return Example(build.build(), [x], Work(bytes=2 * x.nbytes))


def _reduce_sum(size: int) -> Example:
    build, x = GraphBuilder(), _wide(size)
    build.reduce_sum(build.input(x.shape, DType.INT32))
    return Example(build.build(), [x], Work(bytes=x.nbytes))


OPERATORS: Mapping[str, Callable[[int], Example]] = {
    "matmul_int8": _matmul,
    "convolution_int8": _convolution,
    "depthwise_int8": _depthwise,
    "softmax_int8": _softmax,
    "layer_norm_int32": _layer_norm,
    "add_int32": _add,
    "requantise_int32": _requantise,
    "lookup_int8": _lookup,
    "gather_int32": _gather,
    "transpose_int32": _transpose,
    "reduce_sum_int32": _reduce_sum,
}

"""Runs one-operator graphs on NumPy or an adapter, and compares bits."""

from collections.abc import Callable

import numpy as np

from kernels.graph import Graph, GraphBuilder, Value
from kernels.graph.reference import Executor
from kernels.trace import DType
from kernels.trace.layout import Array


def one(
    make: Callable[[GraphBuilder, Value], Value], shape: tuple[int, ...], dtype: DType
) -> Graph:
    """Returns a graph of the operators that `make` appends to one job input."""
    build = GraphBuilder()
    make(build, build.input(shape, dtype))
    return build.build()


def run(executor: Executor, make: Callable[[GraphBuilder, Value], Value], x: Array) -> Array:
    """Returns the last output for one input."""
    graph = one(make, x.shape, DType.of(x))
    return executor.execute(graph, [x.reshape(graph.inputs[0].shape)])[-1]


def assert_equal_bits(graph: Graph, expected: list[Array], found: list[Array]) -> None:
    """Asserts equal shapes, dtypes and elements for every operator."""
    assert len(found) == len(expected) == len(graph.descriptors)
    for spec, ours, theirs in zip(graph.outputs, expected, found, strict=True):
        assert ours.shape == theirs.shape == spec.shape
        assert ours.dtype == theirs.dtype == spec.dtype.numpy
        np.testing.assert_array_equal(theirs, ours)

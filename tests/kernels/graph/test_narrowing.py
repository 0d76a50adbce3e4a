"""Merged graphs have the results of the graphs that they come from, and shorter traces."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernels.graph import Graph, GraphBuilder, GraphError, Opcode, narrowed
from kernels.graph.reference import execute
from kernels.trace import DType
from tests.kernels.graphs import graphs, int8, int32
from tests.kernels.strategies import (
    FEW,
    MULTIPLIERS,
    SHIFTS,
    Case,
    clamps,
    finish,
    image,
    window,
)
from tests.kernels.strategies import int8 as drawn_int8
from tests.kernels.strategies import int32 as drawn_int32

ONE = 1_518_500_250, 36


def opcodes(graph: Graph) -> list[str]:
    return [each.opcode.name.lower() for each in graph.descriptors]


def inputs_of(graph: Graph) -> list[Any]:
    random = np.random.default_rng(5)
    return [
        random.integers(spec.dtype.low, spec.dtype.high, spec.shape, spec.dtype.numpy)
        for spec in graph.inputs
    ]


@st.composite
def chains(draw: st.DrawFn) -> Case:
    """Draws a product, a requantisation and perhaps a clamp, among views and further readers."""
    build = GraphBuilder()
    x = image(draw, build, DType.INT8)
    kernel, columns = (draw(FEW), draw(FEW)), x.spec.shape[3]
    bias = drawn_int32(draw, columns) if draw(st.booleans()) else None
    try:
        match draw(st.sampled_from(["convolution", "depthwise", "matmul", "multiply"])):
            case "convolution":
                weights = drawn_int8(draw, columns, *kernel, columns)
                y = build.convolution(x, weights, bias, **window(draw, x, kernel))
            case "depthwise":
                weights = drawn_int8(draw, columns, *kernel, 1)
                y = build.depthwise(x, weights, bias, **window(draw, x, kernel))
            case "matmul":
                y = build.matmul(x, drawn_int8(draw, columns, columns), bias)
            case _:
                y = build.multiply(x, x, zero_point_a=3, zero_point_b=-5)
    except GraphError:
        assume(condition=False)
    if draw(st.booleans()):
        y = build.view(y, (y.spec.rows, columns))
    multiplier: Any = draw(MULTIPLIERS)
    shift: Any = draw(SHIFTS)
    if draw(st.booleans()):
        multiplier, shift = np.full(columns, multiplier), np.full(columns, shift)
    z = build.requantise(y, multiplier, shift, zero_point_out=7, clamp=draw(clamps()))
    others = [z]
    if draw(st.booleans()):
        others.append(build.relu(z, *draw(clamps())))
    if draw(st.booleans()):
        build.argmax(draw(st.sampled_from([y, *others])))
    if draw(st.booleans()):
        build.lookup(others[-1], int8(256))
    return finish(draw, build)


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(case=chains())
def test_result_keeps_every_bit(case: Case) -> None:
    graph, inputs = case
    merged = narrowed(graph).graph
    expected = execute(graph, inputs)[-1]
    found = execute(merged, inputs)[-1]
    assert found.tobytes() == expected.tobytes()
    assert merged.multiply_adds <= graph.multiply_adds


@pytest.mark.parametrize("name", graphs())
def test_whole_graph_keeps_its_result(name: str) -> None:
    graph = graphs()[name]
    merged = narrowed(graph).graph
    inputs = inputs_of(graph)
    assert execute(merged, inputs)[-1].tobytes() == execute(graph, inputs)[-1].tobytes()
    assert narrowed(merged).graph.encoded() == merged.encoded()


def test_chain_becomes_one_operator_with_the_narrower_clamp() -> None:
    build = GraphBuilder()
    x = build.input((1, 4, 4, 3))
    y = build.convolution(x, int8(5, 2, 2, 3), int32(5))
    y = build.requantise(y, *ONE, zero_point_out=-3, clamp=(-100, 90))
    build.relu(y, -3, 120)
    (merged,) = narrowed(build.build()).graph.descriptors
    assert merged.opcode is Opcode.CONVOLUTION
    assert merged.dtype_out is DType.INT8
    assert (merged.zero_point_out, merged.clamp_low, merged.clamp_high) == (-3, -3, 90)


@pytest.mark.parametrize("reader", ["argmax", "add"])
def test_sum_that_something_else_reads_stays(reader: str) -> None:
    build = GraphBuilder()
    y = build.matmul(build.input((3, 8)), int8(5, 8))
    other = build.argmax(y) if reader == "argmax" else build.add(y, y)
    build.argmax(other)
    build.requantise(y, *ONE)
    graph = build.build()
    assert narrowed(graph).graph.encoded() == graph.encoded()


def test_result_and_kept_outputs_stay() -> None:
    build = GraphBuilder()
    y = build.requantise(build.matmul(build.input((3, 8)), int8(5, 8)), *ONE)
    build.relu(y, 0)
    graph = build.build()
    assert opcodes(narrowed(graph).graph) == ["matmul"]
    assert opcodes(narrowed(graph, results=[1]).graph) == ["matmul", "relu"]
    assert opcodes(narrowed(graph, results=[0]).graph) == opcodes(graph)


def test_rows_of_another_length_stay() -> None:
    build = GraphBuilder()
    y = build.matmul(build.input((2, 8)), int8(64, 8))
    build.requantise(build.view(y, (1, 128)), *ONE)
    graph = build.build()
    assert narrowed(graph).graph.encoded() == graph.encoded()


def test_chain_beyond_the_operand_bytes_stays() -> None:
    build = GraphBuilder()
    y = build.matmul(build.input((1, 4096)), int8(2, 4096))
    build.requantise(y, *ONE)
    graph = build.build()
    assert narrowed(graph).graph.encoded() == graph.encoded()


def test_readers_find_their_operands_again() -> None:
    build = GraphBuilder()
    x = build.input((2, 8))
    first = build.requantise(build.matmul(x, int8(8, 8)), *ONE)
    second = build.requantise(build.matmul(first, int8(8, 8), int32(8)), *ONE)
    build.add_int8(first, second, (1 << 20, 1 << 20), 21)
    graph = build.build()
    merged = narrowed(graph).graph
    assert opcodes(merged) == ["matmul", "matmul", "add"]
    inputs = inputs_of(graph)
    assert execute(merged, inputs)[-1].tobytes() == execute(graph, inputs)[-1].tobytes()
    # Constants that only the removed operators held are gone.
    assert set(merged.constants) == set(merged.constant_keys())

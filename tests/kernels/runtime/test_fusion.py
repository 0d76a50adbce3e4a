"""Which operators are fused, and that a fused chain writes the same outputs."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.graph import Graph, GraphBuilder, Opcode, Value
from kernels.graph.reference import execute
from kernels.runtime import Adapter, GpuExecutor, fusion
from tests.kernels.running import assert_equal_bits
from tests.kernels.strategies import int8, int32

ALL = fusion.BUFFERS[Opcode.LOOKUP]
TABLE = np.arange(-128, 128, dtype=np.int8)[::-1]


def layer(columns: int, *after: Callable[[GraphBuilder, Value], Value]) -> Graph:
    build = GraphBuilder()
    value = build.matmul(build.input((5, 20)), np.ones((columns, 20), np.int8))
    for step in after:
        value = step(build, value)
    return build.build()


def scaled(build: GraphBuilder, x: Value) -> Value:
    return build.requantise(x, 3, 4)


def clamped(build: GraphBuilder, x: Value) -> Value:
    return build.relu(x)


def looked_up(build: GraphBuilder, x: Value) -> Value:
    return build.lookup(x, TABLE)


@pytest.mark.parametrize(
    ("graph", "most_buffers", "chains"),
    [
        (layer(8, scaled), ALL, [(0, 1)]),
        (layer(8, scaled, clamped), ALL, [(0, 1, 2)]),
        (layer(8, scaled, looked_up), ALL, [(0, 1, 2)]),
        (layer(8, scaled, looked_up, clamped), ALL, [(0, 1, 2), (3,)]),
        (layer(3, scaled), ALL, [(0, 1)]),
        (layer(2, scaled), ALL, [(0,), (1,)]),
        (layer(8, clamped, scaled), ALL, [(0,), (1,), (2,)]),
        (layer(8, scaled, clamped), 8, [(0, 1), (2,)]),
        (layer(8, scaled, clamped), 7, [(0,), (1,), (2,)]),
        (layer(8, scaled, clamped), 0, [(0,), (1,), (2,)]),
    ],
)
def test_chains_of_a_product(
    graph: Graph, most_buffers: int, chains: list[tuple[int, ...]]
) -> None:
    assert fusion.plan(graph, most_buffers) == chains


def test_a_view_with_other_rows_is_not_fused() -> None:
    build = GraphBuilder()
    x = build.matmul(build.input((4, 20)), np.ones((8, 20), np.int8))
    scaled(build, build.view(x, (2, 16)))
    assert fusion.plan(build.build(), ALL) == [(0,), (1,)]


def test_the_second_reader_of_a_product_runs_alone() -> None:
    build = GraphBuilder()
    x = build.matmul(build.input((4, 20)), np.ones((8, 20), np.int8))
    first, second = build.requantise(x, 3, 4), build.requantise(x, 5, 6)
    build.relu(second)
    build.relu(first)
    assert fusion.plan(build.build(), ALL) == [(0, 1, 4), (2,), (3,)]


@st.composite
def chains(draw: st.DrawFn) -> Graph:
    """Draws a product, its requantisation in either form and perhaps an activation."""
    build = GraphBuilder()
    columns = draw(st.sampled_from([3, 4, 5, 17, 64, 65, 129, 300]))
    bias = int32(draw, columns) if draw(st.booleans()) else None
    if draw(st.booleans()):
        depth = draw(st.sampled_from([1, 5, 16, 33]))
        x = build.input((draw(st.sampled_from([1, 7, 9, 33])), depth))
        value = build.matmul(x, int8(draw, columns, depth), bias)
    else:
        depth = draw(st.sampled_from([1, 3, 16, 20]))
        x = build.input((1, 5, 4, depth))
        weights = int8(draw, columns, 3, 2, depth)
        offset = draw(st.sampled_from([0, -7]))
        value = build.convolution(
            x, weights, bias, padding=(1, 1, 1, 1), pad_value=offset, zero_point_in=offset
        )
    multipliers, shifts = 1_400_000_000, 38
    if draw(st.booleans()):
        value = build.requantise(
            value, np.arange(columns) + multipliers, np.full(columns, shifts), zero_point_out=5
        )
    else:
        value = build.requantise(value, multipliers, shifts, clamp=(-100, 90))
    match draw(st.sampled_from(["nothing", "relu", "lookup"])):
        case "relu":
            build.relu(value, low=-20, high=50)
        case "lookup":
            build.lookup(value, int8(draw, 256))
    return build.build()


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(graph=chains(), seed=st.integers(0, 2**32 - 1))
def test_a_chain_writes_what_its_operators_write(gpu: GpuExecutor, graph: Graph, seed: int) -> None:
    assert len(fusion.plan(graph, ALL)) == 1
    shape = graph.inputs[0].shape
    inputs = [np.random.default_rng(seed).integers(-128, 128, shape, np.int8)]
    found = gpu.execute_committed(graph, inputs)
    assert_equal_bits(graph, execute(graph, inputs), found.outputs)


def test_operators_run_one_by_one_when_asked(adapter: Adapter) -> None:
    graph = layer(8, scaled, clamped)
    x = np.random.default_rng(1).integers(-128, 128, graph.inputs[0].shape, np.int8)
    own = GpuExecutor(adapter, fuse=False)
    assert_equal_bits(graph, execute(graph, [x]), own.execute(graph, [x]))
    assert len(own._pipelines) == 3

import numpy as np
import pytest

from keeper.compute import commit_segment, execute_segment, segment
from kernels.graph import GraphBuilder, GraphError
from kernels.graph.reference import NumpyExecutor, execute
from kernels.trace import tensor_root
from tests.keeper.exact.verification.graphs import honest

GRAPH, INPUTS, OUTPUTS = honest(4)
OPERATORS = len(OUTPUTS)


@pytest.mark.parametrize("first", range(OPERATORS))
@pytest.mark.parametrize("length", [1, 3, OPERATORS])
def test_a_part_gives_the_same_bits_as_the_whole(first: int, length: int) -> None:
    last = min(first + length, OPERATORS)
    found = execute_segment(NumpyExecutor(), GRAPH, range(first, last), INPUTS, OUTPUTS[:first])
    assert len(found) == last - first
    for right, output in zip(OUTPUTS[first:last], found, strict=True):
        assert np.array_equal(right, output)
    committed = commit_segment(NumpyExecutor(), GRAPH, range(first, last), INPUTS, OUTPUTS[:first])
    assert committed.roots == [tensor_root(right) for right in OUTPUTS[first:last]]


@pytest.mark.parametrize(("first", "last"), [(0, 0), (3, 3), (4, 2), (-1, 2), (0, OPERATORS + 1)])
def test_an_empty_or_impossible_range_is_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="operators"):
        segment(GRAPH, first, last)


def test_one_tensor_read_twice_is_one_input() -> None:
    build = GraphBuilder()
    x = build.input((2, 2, 2, 1))
    y = build.convolution(x, np.ones((1, 1, 1, 1), np.int8))
    build.add(build.add(y, y), y)
    graph, inputs = build.build(), [np.arange(8, dtype=np.int8).reshape(2, 2, 2, 1)]
    part = segment(graph, 1, 3)
    assert len(part.graph.inputs) == 1
    whole = execute(graph, inputs)
    found = execute_segment(NumpyExecutor(), graph, range(1, 3), inputs, whole[:1])
    assert np.array_equal(found[-1], whole[-1])


def test_a_part_that_reads_too_many_tensors_is_run_from_the_beginning() -> None:
    build = GraphBuilder()
    one = np.ones((1, 1, 1, 1), np.int8)
    x = build.input((1, 1, 1, 1))
    outputs = [build.convolution(x, one * (number + 1)) for number in range(9)]
    total = outputs[0]
    for output in outputs[1:]:
        total = build.add(total, output)
    graph, inputs = build.build(), [one]
    with pytest.raises(GraphError):
        segment(graph, 9, 17)
    whole = execute(graph, inputs)
    found = execute_segment(NumpyExecutor(), graph, range(9, 17), inputs, whole[:9])
    assert all(np.array_equal(*pair) for pair in zip(found, whole[9:], strict=True))

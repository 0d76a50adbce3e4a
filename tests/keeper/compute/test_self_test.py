from collections.abc import Sequence

import numpy as np
import pytest

from keeper.compute import SelfTestError, self_test
from keeper.compute.self_test import IMAGES, append_others, sample_graph
from kernels.graph import Graph, GraphBuilder, Opcode, benchmarks
from kernels.graph.reference import NumpyExecutor
from kernels.trace.layout import Array


class Broken:
    """Right but for one operator's last element."""

    def __init__(self, operator: int, dtype: type | None = None) -> None:
        self._operator = operator
        self._dtype = dtype

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        outputs = NumpyExecutor().execute(graph, inputs)
        wrong = outputs[self._operator].copy()
        wrong.reshape(-1)[-1] ^= 1
        outputs[self._operator] = wrong if self._dtype is None else wrong.astype(self._dtype)
        return outputs


def test_the_reference_passes_and_is_measured() -> None:
    report = self_test(NumpyExecutor())
    assert report.macs_per_second > 0
    assert report.macs_per_slot(0.4) >= 1


def test_every_opcode_is_tested() -> None:
    graph, _ = sample_graph(IMAGES)
    assert {descriptor.opcode for descriptor in graph.descriptors} == set(Opcode)


@pytest.mark.parametrize("opcode", benchmarks(), ids=lambda opcode: opcode.name.lower())
def test_an_operator_that_the_graph_lacks_is_tested_at_its_benchmark(opcode: Opcode) -> None:
    build = GraphBuilder()
    inputs = append_others(build, set(Opcode) - {opcode})
    graph = build.build()
    assert [descriptor.opcode for descriptor in graph.descriptors] == [opcode]
    graph.check_inputs(inputs)


def test_nothing_is_appended_where_every_operator_is_present() -> None:
    assert append_others(GraphBuilder(), set(Opcode)) == []
    _, inputs = sample_graph(1)
    assert [array.shape for array in inputs] == [(1, 9, 9, 5)]


@pytest.mark.parametrize("operator", range(len(sample_graph(1)[0].descriptors)))
def test_one_wrong_bit_is_noticed(operator: int) -> None:
    with pytest.raises(SelfTestError, match=f"operator {operator} "):
        self_test(Broken(operator))


def test_a_wrong_dtype_is_noticed() -> None:
    with pytest.raises(SelfTestError, match="operator 0 "):
        self_test(Broken(0, np.int64))

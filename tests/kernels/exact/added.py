"""Checks of the operator that test_added_operator.py adds to a copy of the tree.

pytest runs these inside the copy, whose opcodes have one more; it does not collect them here.
"""

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from kernels.evidence import judge
from kernels.exact import benchmarks, operators
from kernels.graph import Graph, GraphBuilder, GraphError, Opcode, Reason, Value, dump, load
from kernels.graph.reference import execute
from kernels.runtime import Adapter, GpuExecutor
from kernels.runtime.measured_operator import MeasuredOperator
from kernels.runtime.pipelines import Pipelines
from kernels.runtime.shader import load_shader
from kernels.trace import DType
from kernels.tuning import Tuner
from tests.kernels.evidence.committed import Committed, positions
from tests.kernels.graphs import int8
from tests.kernels.running import assert_equal_bits

MAXIMUM = 17
SHAPES = [(1, 1, 1, 1), (2, 3, 5, 7), (1, 2, 3, 64), (1, 1, 9, 300)]

draft: Any = import_module("kernels.exact.maximum.operator").draft


def graph_of(shape: tuple[int, ...], *, constant: bool) -> Graph:
    build = GraphBuilder()
    a = build.input(shape)
    b: Any = int8(*shape)[..., ::-1] if constant else build.input(shape)
    build.append(draft(a, b))
    return build.build()


def inputs_of(graph: Graph) -> list[Any]:
    random = np.random.default_rng(17)
    return [random.integers(-128, 128, spec.shape, np.int8) for spec in graph.inputs]


def test_it_is_listed_last() -> None:
    assert list(operators()) == list(Opcode)
    assert operators()[Opcode(MAXIMUM)].name == "maximum"


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_graph_with_it_survives_its_file(shape: tuple[int, ...], constant: bool) -> None:
    graph = graph_of(shape, constant=constant)
    assert graph.descriptors[0].opcode == MAXIMUM
    assert load(dump(graph)).spec_root == graph.spec_root


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_adapter_gives_the_twins_bits(
    gpu: GpuExecutor, shape: tuple[int, ...], constant: bool
) -> None:
    graph = graph_of(shape, constant=constant)
    inputs = inputs_of(graph)
    expected = execute(graph, inputs)
    largest = np.maximum(inputs[0], graph_b(graph, inputs))
    np.testing.assert_array_equal(expected[0], largest)
    assert_equal_bits(graph, expected, gpu.execute(graph, inputs))


def graph_b(graph: Graph, inputs: list[Any]) -> Any:
    return inputs[1] if len(inputs) == 2 else next(iter(graph.constants.values()))


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_evidence_tells_truth_from_lies(shape: tuple[int, ...], constant: bool) -> None:
    graph = graph_of(shape, constant=constant)
    inputs = inputs_of(graph)
    for lied in (False, True):
        for element in positions(graph.outputs[0]).values():
            lies = {0: [element]} if lied else {}
            job = Committed(graph, inputs, [(0, 1)], lies)
            judgement = judge(job.witness.claim(0, element), job.witness.stage(0, element))
            assert judgement.is_fraud is lied
            assert judgement.expected == job.expected(0, element)
            assert judgement.committed == job.committed(0, element)


def test_its_rules_are_enforced() -> None:
    build = GraphBuilder()
    a = build.input((2, 3))
    wide = build.input((2, 3), DType.INT32)
    cases: list[tuple[Value, Value, Reason]] = [
        (a, build.input((3, 2)), Reason.BAD_SHAPE),
        (wide, a, Reason.BAD_DTYPE),
    ]
    for first, second, reason in cases:
        with pytest.raises(GraphError) as caught:
            build.append(draft(first, second))
        assert caught.value.reason is reason


def test_it_is_measured_beside_its_naive_twin(adapter: Adapter, tmp_path: Any) -> None:
    build = GraphBuilder()
    benchmark = benchmarks()[Opcode(MAXIMUM)]
    case = benchmark.case(64, lambda array: build.input(array.shape, DType.of(array)))
    build.append(case.draft)
    graph, inputs = build.build(), case.inputs
    groups = adapter.limits["max-compute-workgroups-per-dimension"]
    device = adapter.request_device()
    pipelines = Pipelines(device, groups, Tuner(adapter, tmp_path))
    measured = MeasuredOperator(device, pipelines, graph, inputs)
    for naive in (False, True):
        assert measured.seconds(naive=naive) > 0
        np.testing.assert_array_equal(measured.read(), execute(graph, inputs)[0])
    measured.release()


if __name__ == "__main__":
    load_shader(Opcode(MAXIMUM))

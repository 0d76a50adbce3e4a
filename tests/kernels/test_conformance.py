"""Every operator gives the same bits on every adapter as its NumPy twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.exact import operators
from kernels.graph import Opcode
from kernels.graph.reference import execute
from kernels.runtime import GpuExecutor
from kernels.trace import stored_bytes
from kernels.trace.layout import pack
from tests.kernels.cases import CASES
from tests.kernels.graphs import graphs
from tests.kernels.running import assert_equal_bits


def test_every_opcode_has_a_twin_and_cases() -> None:
    assert set(operators()) == set(CASES) == set(Opcode)


@pytest.mark.parametrize("opcode", Opcode, ids=lambda opcode: opcode.name.lower())
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_adapter_gives_the_twins_bits(
    gpu: GpuExecutor, opcode: Opcode, data: st.DataObject
) -> None:
    graph, inputs = data.draw(CASES[opcode]())
    assert_equal_bits(graph, execute(graph, inputs), gpu.execute(graph, inputs))


@pytest.mark.parametrize("name", graphs())
def test_whole_graph_gives_the_twins_bits(gpu: GpuExecutor, name: str) -> None:
    graph = graphs()[name]
    random = np.random.default_rng(3)
    for _ in range(2):
        inputs = [random.integers(-128, 128, spec.shape, dtype=np.int8) for spec in graph.inputs]
        assert_equal_bits(graph, execute(graph, inputs), gpu.execute(graph, inputs))


@pytest.mark.parametrize("name", graphs())
def test_inputs_are_not_changed(gpu: GpuExecutor, name: str) -> None:
    graph = graphs()[name]
    inputs = [np.full(spec.shape, 5, np.int8) for spec in graph.inputs]
    for executor in (execute, gpu.execute):
        executor(graph, inputs)
        assert all((array == 5).all() for array in inputs)


def test_outputs_have_canonical_length() -> None:
    graph = graphs()["every operator"]
    outputs = execute(graph, [np.zeros(spec.shape, np.int8) for spec in graph.inputs])
    for spec, array in zip(graph.outputs, outputs, strict=True):
        assert pack(array).size == stored_bytes(spec.shape, spec.dtype) == spec.stored_bytes

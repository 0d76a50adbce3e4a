"""The device computes the same roots as the host, byte for byte."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.graph import Graph, GraphBuilder, GraphError, Opcode
from kernels.graph.reference import execute
from kernels.runtime import Adapter, DeviceLost, GpuExecutor
from kernels.trace import DType, tensor_root
from tests.kernels.cases import CASES
from tests.kernels.graphs import graphs
from tests.kernels.running import assert_equal_bits


def copy(shape: tuple[int, ...], dtype: DType) -> Graph:
    build = GraphBuilder()
    build.relu(build.input(shape, dtype), dtype.low)
    return build.build()


@pytest.mark.parametrize("dtype", DType)
@pytest.mark.parametrize(
    "shape", [(1,), (3, 1), (5, 2), (255,), (257,), (3, 256), (5, 256), (9, 300), (77, 1000)]
)
def test_root_of_any_size_is_the_hosts(
    gpu: GpuExecutor, shape: tuple[int, ...], dtype: DType
) -> None:
    graph = copy(shape, dtype)
    x = np.random.default_rng(1).integers(dtype.low, dtype.high, graph.inputs[0].shape)
    inputs = [x.astype(dtype.numpy)]
    assert gpu.execute_committed(graph, inputs).roots == [tensor_root(inputs[0])]


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(rows=st.integers(1, 3000), columns=st.integers(1, 40), zero_from=st.integers(0, 3000))
def test_odd_leaf_counts_and_zero_leaves(
    gpu: GpuExecutor, rows: int, columns: int, zero_from: int
) -> None:
    x = np.random.default_rng(rows).integers(-128, 128, (1, 1, rows, columns), np.int8)
    x[:, :, zero_from:] = 0
    graph = copy((rows, columns), DType.INT8)
    assert gpu.execute_committed(graph, [x]).roots == [tensor_root(x)]


@pytest.mark.parametrize("opcode", Opcode, ids=lambda opcode: opcode.name.lower())
@settings(max_examples=5, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_every_operators_output_is_hashed_as_it_lies(
    gpu: GpuExecutor, opcode: Opcode, data: st.DataObject
) -> None:
    graph, inputs = data.draw(CASES[opcode]())
    expected = [tensor_root(output) for output in execute(graph, inputs)]
    assert gpu.execute_committed(graph, inputs).roots == expected


@pytest.mark.parametrize("name", graphs())
def test_whole_graph_is_committed_anew_on_each_run(gpu: GpuExecutor, name: str) -> None:
    graph = graphs()[name]
    random = np.random.default_rng(4)
    for _ in range(2):
        inputs = [random.integers(-128, 128, spec.shape, dtype=np.int8) for spec in graph.inputs]
        expected = execute(graph, inputs)
        found = gpu.execute_committed(graph, inputs)
        assert_equal_bits(graph, expected, found.outputs)
        assert found.roots == [tensor_root(output) for output in expected]
        assert found.hashing_seconds > 0


def test_wrong_inputs_are_refused(gpu: GpuExecutor) -> None:
    with pytest.raises(GraphError):
        gpu.execute_committed(copy((5,), DType.INT8), [np.zeros((1, 1, 1, 5), np.int32)])


def test_lost_device_is_reported(adapter: Adapter) -> None:
    own, graph = GpuExecutor(adapter), copy((8,), DType.INT8)
    inputs = [np.zeros(graph.inputs[0].shape, np.int8)]
    own.execute_committed(graph, inputs)
    own._device.destroy()
    with pytest.raises(DeviceLost, match=r"lost"):
        own.execute_committed(graph, inputs)

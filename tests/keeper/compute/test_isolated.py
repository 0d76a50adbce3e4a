"""The GPU in a process of its own: the same bits, and a process that dies is a lost device."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from keeper.compute import RenewingExecutor
from keeper.compute.isolated import KEPT_GRAPHS, IsolatedGpu
from keeper.compute.self_test import sample_graph
from kernels.graph import GraphBuilder, GraphError
from kernels.graph.reference import NumpyExecutor
from kernels.runtime import Adapter, AdapterUnavailable, DeviceLimit, DeviceLost
from kernels.trace import stored_roots
from tests.kernels.conftest import ADAPTERS


@pytest.fixture(scope="module", params=ADAPTERS)
def gpu(request: pytest.FixtureRequest) -> Iterator[IsolatedGpu]:
    adapter: Adapter = request.param
    opened = IsolatedGpu(adapter.name)
    yield opened
    opened.close()


def test_it_gives_the_references_bits_and_roots(gpu: IsolatedGpu) -> None:
    graph, inputs = sample_graph(2)
    expected = NumpyExecutor().execute(graph, inputs)
    assert all(map(np.array_equal, gpu.execute(graph, inputs), expected))
    committed = gpu.execute_committed(graph, inputs)
    assert all(map(np.array_equal, committed.outputs, expected))
    blobs = [b"abc", bytes(1000)]
    assert gpu.tensor_roots(blobs) == stored_roots(blobs)
    gpu.check_limits(graph)


def test_graphs_beyond_those_it_keeps_are_sent_again(gpu: IsolatedGpu) -> None:
    for _ in range(2):
        for width in range(1, KEPT_GRAPHS + 3):
            build = GraphBuilder()
            build.relu(build.input((1, width)), low=0)
            x = np.full((1, 1, 1, width), -3, np.int8)
            assert not gpu.execute(build.build(), [x])[0].any()


def test_wrong_inputs_and_graphs_that_do_not_fit_are_told(gpu: IsolatedGpu) -> None:
    graph, inputs = sample_graph(2)
    with pytest.raises(GraphError):
        gpu.execute(graph, [])
    small = IsolatedGpu(gpu.name, memory_bytes=1000)
    with pytest.raises(DeviceLimit, match="above the 1000"):
        small.execute(graph, inputs)
    small.close()


def test_no_such_adapter() -> None:
    with pytest.raises(AdapterUnavailable, match="no such adapter"):
        IsolatedGpu("no such adapter")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_attack_38_a_process_that_its_driver_ends_is_a_lost_device_and_opened_again(
    adapter: Adapter,
) -> None:
    """wgpu-native aborts where a submission finds the device lost."""
    opened: list[IsolatedGpu] = []

    def open_device() -> IsolatedGpu:
        opened.append(IsolatedGpu(adapter.name))
        return opened[-1]

    executor = RenewingExecutor(open_device)
    graph, inputs = sample_graph(1)
    expected = NumpyExecutor().execute(graph, inputs)
    ended = opened[0]._process.pid
    assert ended is not None
    os.kill(ended, signal.SIGABRT)
    assert all(map(np.array_equal, executor.execute(graph, inputs), expected))
    assert len(opened) == 2
    with pytest.raises(DeviceLost, match="its process ended with -6"):
        opened[0].execute(graph, inputs)
    opened[1].close()

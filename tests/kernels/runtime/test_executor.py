"""Limits, reuse of buffers and loss of the device."""

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from kernels.graph import Graph, GraphBuilder, GraphError, Reason, memory_plan
from kernels.graph.reference import execute
from kernels.runtime import (
    Adapter,
    DeviceLimit,
    DeviceLost,
    GpuExecutor,
    program,
)
from kernels.runtime.executor import KEPT_PROGRAMS
from kernels.trace import DType
from kernels.trace.layout import Array
from tests.kernels.graphs import every_operator
from tests.kernels.running import assert_equal_bits


def clamp(size: int, low: int = 0) -> Graph:
    build = GraphBuilder()
    build.relu(build.input((size,)), low)
    return build.build()


def test_inputs_are_checked_before_the_device_sees_them(gpu: GpuExecutor) -> None:
    with pytest.raises(GraphError) as caught:
        gpu.execute(clamp(5), [np.zeros((1, 1, 1, 5), np.int32)])
    assert caught.value.reason is Reason.OPERAND_MISMATCH


def test_oversized_tensor_is_refused_before_compiling(adapter: Adapter) -> None:
    small = GpuExecutor(_limited(adapter, "max-storage-buffer-binding-size", 1024))
    with pytest.raises(DeviceLimit, match=r"^a tensor of 1280 bytes exceeds .*'s 1024$"):
        small.execute(clamp(1200), [np.zeros((1, 1, 1, 1200), np.int8)])
    assert not small._pipelines


def test_oversized_dispatch_is_refused_before_compiling(adapter: Adapter) -> None:
    small = GpuExecutor(_limited(adapter, "max-compute-workgroups-per-dimension", 2))
    with pytest.raises(DeviceLimit, match=r"^operator 0 takes 5 workgroups, above 2²$"):
        small.execute(clamp(1200), [np.zeros((1, 1, 1, 1200), np.int8)])
    assert not small._pipelines


def test_grid_wraps_into_a_second_dimension(adapter: Adapter) -> None:
    small = GpuExecutor(_limited(adapter, "max-compute-workgroups-per-dimension", 2))
    x = np.random.default_rng(1).integers(-128, 128, (1, 1, 1, 1000)).astype(np.int8)
    np.testing.assert_array_equal(small.execute(clamp(1000), [x])[0], np.maximum(x, 0))


def test_outputs_come_back_in_bounded_chunks(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "READ_CHUNK", 1000)
    graph = every_operator()
    x = np.random.default_rng(2).integers(-128, 128, graph.inputs[0].shape).astype(np.int8)
    assert_equal_bits(graph, execute(graph, [x]), GpuExecutor(adapter).execute(graph, [x]))


def test_second_run_sees_nothing_of_the_first(gpu: GpuExecutor) -> None:
    build = GraphBuilder()
    x = build.input((3, 5), DType.INT32)
    build.add(x, x)
    graph = build.build()
    for value in (2**31 - 1, 0, 7):
        x_now = np.full((1, 1, 3, 5), value, np.int32)
        np.testing.assert_array_equal(gpu.execute(graph, [x_now])[0], x_now + x_now)


def test_pipelines_and_programs_are_reused_and_old_programs_released(adapter: Adapter) -> None:
    own = GpuExecutor(adapter)
    x = np.zeros((1, 1, 1, 8), np.int8)
    for low in range(KEPT_PROGRAMS + 2):
        own.execute(clamp(8, low), [x])
    kept = list(own._programs.values())
    made = own._pool.bytes
    own.execute(clamp(8, KEPT_PROGRAMS + 1), [x])
    assert len(own._pipelines) == 1
    assert list(own._programs.values()) == kept
    assert len(kept) == KEPT_PROGRAMS
    assert own.execute(clamp(8), [x])[0].tolist() == x.tolist()
    assert own._pool.bytes == made


def test_a_graph_beyond_the_memory_is_refused_before_anything_is_allocated(
    adapter: Adapter,
) -> None:
    peak = memory_plan(clamp(1200)).peak
    x = np.zeros((1, 1, 1, 1200), np.int8)
    small = GpuExecutor(adapter, memory_bytes=peak - 1)
    with pytest.raises(DeviceLimit, match=rf"^the graph takes {peak} bytes of device memory, "):
        small.execute(clamp(1200), [x])
    assert small._pool.bytes == len(small._pipelines) == 0
    GpuExecutor(adapter, memory_bytes=peak).execute_committed(clamp(1200), [x])


def test_no_more_is_allocated_than_was_planned(adapter: Adapter) -> None:
    for graph in (clamp(1200), every_operator()):
        own = GpuExecutor(adapter)
        inputs = [np.zeros(spec.shape, spec.dtype.numpy) for spec in graph.inputs]
        own.execute(graph, inputs)
        plan = memory_plan(graph)
        assert 0.9 * (plan.peak - plan.hashing) <= own._pool.bytes <= plan.peak - plan.hashing


def test_kept_programs_make_room_for_a_graph_that_needs_their_memory(adapter: Adapter) -> None:
    peak = memory_plan(clamp(1200)).peak
    own = GpuExecutor(adapter, memory_bytes=2 * peak)
    for low in range(4):
        x = np.full((1, 1, 1, 1200), low, np.int8)
        np.testing.assert_array_equal(own.execute_committed(clamp(1200, low), [x]).outputs[0], x)
        assert own._pool.bytes <= 2 * peak
    assert len(own._programs) == 2


def test_many_inputs_give_what_each_gives_alone(gpu: GpuExecutor) -> None:
    graph = every_operator()
    random = np.random.default_rng(6)
    batches = [
        [random.integers(-128, 128, spec.shape, np.int8) for spec in graph.inputs] for _ in range(5)
    ]
    found = list(gpu.execute_many(graph, batches))
    assert len(found) == len(batches)
    for inputs, outputs in zip(batches, found, strict=True):
        assert_equal_bits(graph, execute(graph, inputs), outputs)


def test_the_next_inputs_are_sent_before_the_last_outputs_are_awaited(gpu: GpuExecutor) -> None:
    taken = []

    def batches() -> Iterator[list[Array]]:
        for value in range(4):
            taken.append(value)
            yield [np.full((1, 1, 1, 8), value, np.int8)]

    results = gpu.execute_many(clamp(8), batches())
    assert next(results)[0].max() == 0
    assert taken == [0, 1]
    assert next(results)[0].max() == 1
    assert taken == [0, 1, 2]
    assert [outputs[0].max() for outputs in results] == [2, 3]
    assert list(gpu.execute_many(clamp(8), [])) == []


def test_an_abandoned_series_leaves_the_executor_usable(gpu: GpuExecutor) -> None:
    x = np.full((1, 1, 1, 8), 7, np.int8)
    series = gpu.execute_many(clamp(8), [[x]] * 3)
    next(series)
    series.close()
    made = gpu._pool.bytes
    assert len(list(gpu.execute_many(clamp(8), [[x]] * 3))) == 3
    assert gpu._pool.bytes == made
    assert gpu.execute(clamp(8), [x])[0].tolist() == x.tolist()


def test_a_bad_input_among_many_stops_there(gpu: GpuExecutor) -> None:
    good, bad = np.full((1, 1, 1, 8), 7, np.int8), np.zeros((1, 1, 1, 9), np.int8)
    series = gpu.execute_many(clamp(8), [[good], [good], [bad]])
    assert next(series)[0].max() == 7
    with pytest.raises(GraphError) as caught:
        next(series)
    assert caught.value.reason is Reason.OPERAND_MISMATCH
    assert gpu.execute(clamp(8), [good])[0].max() == 7


def test_many_runs_in_flight_need_the_memory_for_it(adapter: Adapter) -> None:
    graph = clamp(1200)
    own = GpuExecutor(adapter, memory_bytes=memory_plan(graph).peak)
    x = np.zeros((1, 1, 1, 1200), np.int8)
    with pytest.raises(DeviceLimit, match=r"^the graph takes"):
        next(own.execute_many(graph, [[x]]))
    own.execute(graph, [x])


def test_device_lost_among_many_is_reported(adapter: Adapter) -> None:
    own = GpuExecutor(adapter)
    x = np.zeros((1, 1, 1, 8), np.int8)
    series = own.execute_many(clamp(8), [[x]] * 4)
    next(series)
    own._device.destroy()
    with pytest.raises(DeviceLost, match=r"lost"):
        list(series)


def test_lost_device_is_reported(adapter: Adapter) -> None:
    own = GpuExecutor(adapter)
    own.execute(clamp(8), [np.zeros((1, 1, 1, 8), np.int8)])
    own._device.destroy()
    for size in (8, 9):
        with pytest.raises(DeviceLost, match=r"lost"):
            own.execute(clamp(size), [np.zeros((1, 1, 1, size), np.int8)])


def _limited(adapter: Adapter, name: str, value: int) -> Adapter:
    """Returns the adapter with a smaller limit; the device itself keeps WebGPU's guarantees."""
    limits = {**adapter.limits, name: value}

    class Smaller(Adapter):
        def request_device(self, features: Iterable[str] = ()) -> object:
            return adapter.request_device()

    return Smaller(
        adapter.name, adapter.backend, adapter.type, adapter.driver, limits, adapter.handle
    )

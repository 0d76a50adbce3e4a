"""What the executor does besides computing: limits, reuse, loss."""

from collections.abc import Iterable

import numpy as np
import pytest

from kernels.exact.reference import execute
from kernels.graph import Graph, GraphBuilder, GraphError, Reason
from kernels.runtime import (
    Adapter,
    AdapterUnavailable,
    DeviceLimit,
    DeviceLost,
    GpuExecutor,
    list_adapters,
    program,
    select_adapter,
)
from kernels.runtime import adapter as adapter_module
from kernels.runtime.executor import KEPT_PROGRAMS
from kernels.trace import DType
from tests.kernels.graphs import every_operator
from tests.kernels.running import assert_equal_bits


def clamp(size: int, low: int = 0) -> Graph:
    build = GraphBuilder()
    build.relu(build.input((size,)), low)
    return build.build()


def test_adapter_is_chosen_by_part_of_its_name(adapter: Adapter) -> None:
    assert select_adapter(adapter.name.upper()[:6]).name == adapter.name
    assert select_adapter() == list_adapters()[0]


def test_unknown_adapter_is_refused_with_what_there_is(adapter: Adapter) -> None:
    with pytest.raises(AdapterUnavailable) as caught:
        GpuExecutor("Voodoo 2")
    assert "'Voodoo 2'" in str(caught.value)
    assert repr(adapter.name) in str(caught.value)


def test_machine_without_adapter_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "list_adapters", list)
    with pytest.raises(AdapterUnavailable, match=r"mesa-vulkan-drivers"):
        GpuExecutor()


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
    own.execute(clamp(8, KEPT_PROGRAMS + 1), [x])
    assert len(own._pipelines) == 1
    assert list(own._programs.values()) == kept
    assert len(kept) == KEPT_PROGRAMS
    assert own.execute(clamp(8), [x])[0].tolist() == x.tolist()


def test_lost_device_is_reported(adapter: Adapter) -> None:
    own = GpuExecutor(adapter)
    own.execute(clamp(8), [np.zeros((1, 1, 1, 8), np.int8)])
    own._device.destroy()
    for size in (8, 9):
        with pytest.raises(DeviceLost, match=r"lost"):
            own.execute(clamp(size), [np.zeros((1, 1, 1, size), np.int8)])


def _limited(adapter: Adapter, name: str, value: int) -> Adapter:
    """The adapter with a smaller limit; the device itself keeps what WebGPU guarantees."""
    limits = {**adapter.limits, name: value}

    class Smaller(Adapter):
        def request_device(self, features: Iterable[str] = ()) -> object:
            return adapter.request_device()

    return Smaller(
        adapter.name, adapter.backend, adapter.type, adapter.driver, limits, adapter.handle
    )

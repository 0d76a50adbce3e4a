"""Measures the cost of one more dispatch: to record it from Python, and to run it."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import wgpu

from kernels.runtime.adapter import Adapter, losses

DISPATCHES = 1000
RUNS = 15
# Each dispatch reads what the previous one wrote, as the operators of a graph do.
SOURCE = """
@group(0) @binding(0) var<storage, read_write> counter: array<u32>;
@compute @workgroup_size(1) fn main() { counter[0] += 1u; }
"""
_COUNTER_BYTES = 256


@dataclass(frozen=True, slots=True)
class DispatchCost:
    """Seconds per dispatch until Python has submitted it (`issued`) and until it has run."""

    issued: float
    completed: float


def measure_dispatch_cost(adapter: Adapter) -> DispatchCost:
    """Returns the cost of a dispatch, the best of several runs.

    Each run submits 1,000 dispatches that depend on one another and divides by their number. On a
    CPU adapter `completed` depends on the driver and the machine, because the driver wakes its
    threads per dispatch. Raises DeviceLost when the device fails or runs fewer dispatches than it
    was given.
    """
    with losses(adapter.name):
        device = adapter.request_device()
        pipeline = device.create_compute_pipeline(
            layout="auto",
            compute={"module": device.create_shader_module(code=SOURCE), "entry_point": "main"},
        )
        counter = device.create_buffer(
            size=_COUNTER_BYTES, usage=wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC
        )
        bindings = device.create_bind_group(
            layout=pipeline.get_bind_group_layout(0),
            entries=[{"binding": 0, "resource": {"buffer": counter}}],
        )
        runs = [_run(device, pipeline, bindings, counter, run) for run in range(RUNS)]
        device.destroy()
    issued, completed = (min(seconds) / DISPATCHES for seconds in zip(*runs, strict=True))
    return DispatchCost(issued, completed)


def _run(
    device: Any, pipeline: Any, bindings: Any, counter: Any, before: int
) -> tuple[float, float]:
    started = perf_counter()
    encoder = device.create_command_encoder()
    compute = encoder.begin_compute_pass()
    compute.set_pipeline(pipeline)
    for _ in range(DISPATCHES):
        compute.set_bind_group(0, bindings)
        compute.dispatch_workgroups(1)
    compute.end()
    device.queue.submit([encoder.finish()])
    issued = perf_counter() - started
    counted = int.from_bytes(device.queue.read_buffer(counter, 0, 4), "little")
    completed = perf_counter() - started
    if counted != DISPATCHES * (before + 1):
        raise RuntimeError(f"{counted} dispatches ran of {DISPATCHES * (before + 1)}")
    return issued, completed

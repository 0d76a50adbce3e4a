"""Runs plans on an adapter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import wgpu

from kernels.onnx.tolerant.element import Array
from kernels.onnx.tolerant.lowering import lower
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.value import Value
from kernels.runtime import Adapter, DeviceLost, select_adapter

_STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST | wgpu.BufferUsage.COPY_SRC
_STAGING = wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST


@dataclass(frozen=True, slots=True)
class Run:
    """Outputs by name, and the number of dispatches that computed them."""

    outputs: Mapping[str, Array]
    dispatches: int


class TolerantRunner:
    """Runs ONNX models and keeps one pipeline per source.

    Not safe to share between threads.
    """

    def __init__(self, adapter: Adapter | str | None = None, *, fusing: bool = True) -> None:
        """Opens the given or the selected adapter; raises AdapterUnavailable.

        Without `fusing`, each operation has a kernel of its own.
        """
        self._fusing = fusing
        self.adapter = adapter if isinstance(adapter, Adapter) else select_adapter(adapter)
        self._device = self.adapter.request_device()
        self._pipelines: dict[str, Any] = {}

    def plan(
        self, model: onnx.ModelProto, inputs: Mapping[str, Array]
    ) -> tuple[Plan, list[tuple[str, Value]]]:
        """Returns the plan of a run and its outputs; raises UnsupportedOperator and BadInput."""
        limits = self.adapter.limits
        room = min(limits["max-storage-buffer-binding-size"], limits["max-buffer-size"])
        plan = Plan(room, fusing=self._fusing)
        outputs = lower(model, inputs, plan)
        plan.close(value.buffer for _, value in outputs if value.buffer is not None)
        return plan, outputs

    def run(self, model: onnx.ModelProto, inputs: Mapping[str, Array]) -> Run:
        """Runs a checked model.

        Raises UnsupportedOperator and BadInput before anything runs, and DeviceLost when the device
        fails.
        """
        plan, outputs = self.plan(model, inputs)
        try:
            found = self._execute(plan, outputs)
        except (wgpu.GPUError, RuntimeError) as error:
            raise DeviceLost(f"{self.adapter.name}: {error}") from error
        return Run(found, len(plan.stages))

    def _execute(self, plan: Plan, outputs: list[tuple[str, Value]]) -> dict[str, Array]:
        read = {name: value for name, value in outputs if value.buffer is not None}
        buffers = [self._buffer(each.words, each.lanes) for each in plan.buffers]
        encoder = self._device.create_command_encoder()
        if plan.stages:
            compute = encoder.begin_compute_pass()
            for stage in plan.stages:
                pipeline = self._pipeline(stage.source)
                compute.set_pipeline(pipeline)
                entries = [
                    {"binding": at, "resource": {"buffer": buffers[index], "offset": 4 * word}}
                    for at, (index, word) in enumerate(
                        zip(stage.buffers, stage.offsets, strict=True)
                    )
                ]
                compute.set_bind_group(
                    0,
                    self._device.create_bind_group(
                        layout=pipeline.get_bind_group_layout(0), entries=entries
                    ),
                )
                compute.dispatch_workgroups(*stage.workgroups)
            compute.end()
        lanes = self._read(encoder, buffers, read)
        for buffer in buffers:
            buffer.destroy()
        found = {}
        for name, value in outputs:
            if name in lanes:
                found[name] = value.element.from_lanes(lanes[name], value.shape)
            else:
                assert value.host is not None
                found[name] = value.host().astype(value.element.numpy)
        return found

    def _read(
        self, encoder: Any, buffers: list[Any], wanted: Mapping[str, Value]
    ) -> dict[str, Array]:
        sizes = {name: 4 * value.size for name, value in wanted.items()}
        staging = self._device.create_buffer(size=max(sum(sizes.values()), 4), usage=_STAGING)
        offset = 0
        for name, value in wanted.items():
            if sizes[name]:
                assert value.buffer is not None
                source = buffers[value.buffer]
                encoder.copy_buffer_to_buffer(source, 0, staging, offset, sizes[name])
                offset += sizes[name]
        self._device.queue.submit([encoder.finish()])
        staging.map_sync(wgpu.MapMode.READ)
        data = np.frombuffer(staging.read_mapped(copy=True), np.uint8)
        staging.unmap()
        staging.destroy()
        found, offset = {}, 0
        for name, value in wanted.items():
            part = data[offset : offset + sizes[name]]
            found[name] = part.view(value.element.lane_numpy)
            offset += sizes[name]
        return found

    def _buffer(self, words: int, lanes: Array | None) -> Any:
        buffer = self._device.create_buffer(size=4 * words, usage=_STORAGE)
        if lanes is not None and lanes.size:
            self._device.queue.write_buffer(buffer, 0, lanes)
        return buffer

    def _pipeline(self, source: str) -> Any:
        if source not in self._pipelines:
            module = self._device.create_shader_module(code=source)
            self._pipelines[source] = self._device.create_compute_pipeline(
                layout="auto", compute={"module": module, "entry_point": "main"}
            )
        return self._pipelines[source]

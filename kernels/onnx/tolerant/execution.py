"""A plan on a device: its buffers and bindings, which stay from run to run."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import wgpu

from kernels.onnx.tolerant.element import Array
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.value import Value

_STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST | wgpu.BufferUsage.COPY_SRC
_STAGING = wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
# Kernels read buffers of floats as vectors of four.
VECTOR_WORDS = 4


class Execution:
    """A closed plan whose constants are on the device. Each run is one submission.

    Not safe to share between threads.
    """

    def __init__(
        self,
        device: Any,
        pipeline: Callable[[str], Any],
        plan: Plan,
        outputs: Sequence[tuple[str, Value]],
    ) -> None:
        """Uploads the constants; `pipeline` returns the pipeline of a source."""
        self._device = device
        self._outputs = outputs
        self._buffers = [self._buffer(each.words, each.lanes) for each in plan.buffers]
        self._steps = []
        for stage in plan.stages:
            made = pipeline(stage.source)
            bound = zip(stage.buffers, stage.offsets, strict=True)
            entries = [
                {"binding": at, "resource": {"buffer": self._buffers[index], "offset": 4 * word}}
                for at, (index, word) in enumerate(bound)
            ]
            group = device.create_bind_group(layout=made.get_bind_group_layout(0), entries=entries)
            self._steps.append((made, group, stage.workgroups))
        self._read = {name: value for name, value in outputs if value.buffer is not None}
        size = sum(4 * value.size for value in self._read.values())
        self._staging = device.create_buffer(size=max(size, 4), usage=_STAGING)

    @property
    def dispatches(self) -> int:
        """The number of dispatches of a run."""
        return len(self._steps)

    def run(self, given: Mapping[int, Array]) -> dict[str, Array]:
        """Returns the outputs by name; `given` holds the lanes of buffers that a caller fills."""
        for at, lanes in given.items():
            if lanes.size:
                self._device.queue.write_buffer(self._buffers[at], 0, lanes)
        encoder = self._device.create_command_encoder()
        if self._steps:
            compute = encoder.begin_compute_pass()
            for pipeline, group, workgroups in self._steps:
                compute.set_pipeline(pipeline)
                compute.set_bind_group(0, group)
                compute.dispatch_workgroups(*workgroups)
            compute.end()
        lanes_of = self._fetched(encoder)
        found = {}
        for name, value in self._outputs:
            if name in lanes_of:
                found[name] = value.element.from_lanes(lanes_of[name], value.shape)
            else:
                assert value.host is not None
                found[name] = value.host().astype(value.element.numpy)
        return found

    def release(self) -> None:
        """Frees the device's memory."""
        for buffer in (*self._buffers, self._staging):
            buffer.destroy()

    def _fetched(self, encoder: Any) -> dict[str, Array]:
        offset = 0
        for value in self._read.values():
            if value.size:
                assert value.buffer is not None
                source = self._buffers[value.buffer]
                encoder.copy_buffer_to_buffer(source, 0, self._staging, offset, 4 * value.size)
                offset += 4 * value.size
        self._device.queue.submit([encoder.finish()])
        self._staging.map_sync(wgpu.MapMode.READ)
        data = np.frombuffer(self._staging.read_mapped(copy=True), np.uint8)
        self._staging.unmap()
        found, offset = {}, 0
        for name, value in self._read.items():
            part = data[offset : offset + 4 * value.size]
            found[name] = part.view(value.element.lane_numpy)
            offset += 4 * value.size
        return found

    def _buffer(self, words: int, lanes: Array | None) -> Any:
        size = 4 * -(-words // VECTOR_WORDS) * VECTOR_WORDS
        buffer = self._device.create_buffer(size=size, usage=_STORAGE)
        if lanes is not None and lanes.size:
            self._device.queue.write_buffer(buffer, 0, lanes)
        return buffer

"""The buffers and dispatches of one call on a device."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import wgpu

from kernels.floating.definition import (
    Array,
    Binding,
    Dimensions,
    Kernel,
    Role,
    Settings,
    Stage,
    padded,
)

_STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST | wgpu.BufferUsage.COPY_SRC
_UNIFORM = wgpu.BufferUsage.UNIFORM | wgpu.BufferUsage.COPY_DST
_UNIFORM_ALIGNMENT = 16
_KINDS = {
    Role.PARAMETERS: "uniform",
    Role.INPUT: "read-only-storage",
    Role.STATE: "storage",
    Role.SCRATCH: "storage",
    Role.OUTPUT: "storage",
}


class Compiled:
    """One source on a device: a layout of all bindings, and one pipeline per entry point."""

    def __init__(self, device: Any, source: str, bindings: Sequence[Binding]) -> None:
        self._device = device
        self._module = device.create_shader_module(code=source)
        self.layout = device.create_bind_group_layout(
            entries=[
                {
                    "binding": at,
                    "visibility": wgpu.ShaderStage.COMPUTE,
                    "buffer": {"type": _KINDS[binding.role]},
                }
                for at, binding in enumerate(bindings)
            ]
        )
        self._pipelines: dict[str, Any] = {}

    def pipeline(self, entry_point: str) -> Any:
        """Returns the pipeline of an entry point, compiled on first use."""
        if entry_point not in self._pipelines:
            self._pipelines[entry_point] = self._device.create_compute_pipeline(
                layout=self._device.create_pipeline_layout(bind_group_layouts=[self.layout]),
                compute={"module": self._module, "entry_point": entry_point},
            )
        return self._pipelines[entry_point]


class Prepared:
    """A call that is prepared once and run any number of times; last axes are padded."""

    def __init__(
        self,
        device: Any,
        kernel: Kernel,
        compiled: Compiled,
        *,
        dimensions: Dimensions,
        settings: Settings,
        stages: Sequence[Stage],
    ) -> None:
        self._device = device
        self._kernel = kernel
        self._dimensions = dimensions
        self._buffers = [self._buffer(binding, settings) for binding in kernel.bindings]
        self._group = device.create_bind_group(
            layout=compiled.layout,
            entries=[
                {"binding": at, "resource": {"buffer": buffer, "offset": 0, "size": buffer.size}}
                for at, buffer in enumerate(self._buffers)
            ],
        )
        self._stages = [
            (compiled.pipeline(stage.entry_point), stage.workgroups) for stage in stages
        ]

    def write(self, inputs: Sequence[Array]) -> None:
        """Uploads data into the inputs and states."""
        arrays = iter(inputs)
        for binding, buffer in zip(self._kernel.bindings, self._buffers, strict=True):
            if binding.role in (Role.INPUT, Role.STATE):
                array = np.ascontiguousarray(next(arrays))
                missing = padded(array.shape[-1]) - array.shape[-1]
                if missing:
                    array = np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)])
                self._device.queue.write_buffer(buffer, 0, array)

    def submit(self, times: int = 1) -> None:
        """Runs the call `times` times in one submission."""
        encoder = self._device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        compute.set_bind_group(0, self._group)
        for _ in range(times):
            for pipeline, workgroups in self._stages:
                compute.set_pipeline(pipeline)
                compute.dispatch_workgroups(*workgroups)
        compute.end()
        self._device.queue.submit([encoder.finish()])

    def seconds(self, times: int = 1) -> float:
        """Returns the mean seconds of `times` runs, from submission until the device is done."""
        started = perf_counter()
        self.submit(times)
        # Reading the last buffer's first word waits for everything before it.
        self._device.queue.read_buffer(self._buffers[-1], 0, 4)
        return (perf_counter() - started) / times

    def read(self) -> list[Array]:
        """Returns states and outputs in binding order."""
        found = []
        for binding, buffer in zip(self._kernel.bindings, self._buffers, strict=True):
            if binding.role in (Role.STATE, Role.OUTPUT):
                shape = binding.shape(self._dimensions)
                flat = np.frombuffer(self._device.queue.read_buffer(buffer), binding.dtype)
                rows = flat[: elements(binding, self._dimensions)].reshape(-1, padded(shape[-1]))
                found.append(np.ascontiguousarray(rows[:, : shape[-1]]).reshape(shape))
        return found

    def release(self) -> None:
        """Frees the device memory."""
        for buffer in self._buffers:
            buffer.destroy()

    def _buffer(self, binding: Binding, settings: Settings) -> Any:
        if binding.role is Role.PARAMETERS:
            data = _packed(self._kernel.parameters, {**self._dimensions, **settings})
            return self._device.create_buffer_with_data(data=data, usage=_UNIFORM)
        size = stored_bytes(binding, self._dimensions)
        return self._device.create_buffer(size=size, usage=_STORAGE)


def elements(binding: Binding, dimensions: Dimensions) -> int:
    """Returns the number of elements in a buffer, including padding."""
    *outer, last = binding.shape(dimensions)
    return int(np.prod(outer, dtype=np.int64)) * padded(last)


def stored_bytes(binding: Binding, dimensions: Dimensions) -> int:
    """Returns the bytes of a binding's buffer."""
    if binding.dtype is None:
        return 0
    return elements(binding, dimensions) * binding.dtype.itemsize


def _packed(names: Sequence[str], values: Mapping[str, int | float]) -> bytes:
    """Returns the parameters as 32-bit words in order: integers as u32, others as f32."""
    words = [
        np.asarray(values[name], "<u4" if isinstance(values[name], int) else "<f4").tobytes()
        for name in names
    ]
    data = b"".join(words)
    return data.ljust(-(-len(data) // _UNIFORM_ALIGNMENT) * _UNIFORM_ALIGNMENT, b"\0")

"""Compiles one package on a device and runs it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import wgpu

from kernels.custom.buffer import Buffer, Role, Stage
from kernels.custom.errors import MemoryExceeded, ShaderError
from kernels.custom.package import KernelPackage
from kernels.custom.validation import bounded_sources

_INPUT = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST
_WRITTEN = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC
_STAGING = wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
_USAGE = {Role.INPUT: _INPUT, Role.SCRATCH: _WRITTEN, Role.OUTPUT: _WRITTEN}
_KIND = {Role.INPUT: "read-only-storage", Role.SCRATCH: "storage", Role.OUTPUT: "storage"}
# wgpu-native reports some exhausted allocations as validation errors.
OUT_OF_MEMORY = "Not enough memory left"
MESSAGE_CHARACTERS = 600


class Program:
    """A package compiled on a device.

    Raises PackageError, ShaderError, or MemoryExceeded when the device is out of memory.
    """

    def __init__(self, device: Any, package: KernelPackage) -> None:
        """Compiles the package, which must keep the device's limits."""
        self._package = package
        self._device = device
        self._buffers: list[Any] = []
        with self._refusals():
            modules = [device.create_shader_module(code=text) for text in bounded_sources(package)]
            self._pipelines: dict[tuple[int, str, tuple[str, ...]], tuple[Any, Any]] = {}
            self._steps = [self._step(stage, modules[stage.source]) for stage in package.stages]

    def run(self, inputs: Sequence[bytes]) -> bytes:
        """Returns the outputs' bytes, one after the other.

        Raises PackageError when the inputs do not fit, ShaderError when the dispatch is refused and
        MemoryExceeded when the device is out of memory.
        """
        self._package.check_inputs(inputs)
        with self._refusals():
            return self._dispatch(inputs)

    def release(self) -> None:
        """Frees the buffers' device memory."""
        for buffer in self._buffers:
            buffer.destroy()

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except wgpu.GPUError as error:
            message = " ".join(str(error).split())[:MESSAGE_CHARACTERS]
            if isinstance(error, wgpu.GPUOutOfMemoryError) or OUT_OF_MEMORY in message:
                raise MemoryExceeded(message) from error
            raise ShaderError(f"{self._package.name}: {message}") from error

    def _dispatch(self, inputs: Sequence[bytes]) -> bytes:
        package, device = self._package, self._device
        # WebGPU fills a new buffer with zeros, so no data of another run can be read.
        bound = [self._buffer(buffer, _USAGE[buffer.role]) for buffer in package.buffers]
        given = iter(inputs)
        for target, buffer in zip(bound, package.buffers, strict=True):
            if buffer.role is Role.INPUT:
                device.queue.write_buffer(target, 0, next(given).ljust(target.size, b"\0"))
        outputs = [
            target
            for target, buffer in zip(bound, package.buffers, strict=True)
            if buffer.role is Role.OUTPUT
        ]
        staging = self._allocated(sum(each.size for each in outputs), _STAGING)
        encoder = device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        for stage, (layout, pipeline) in zip(package.stages, self._steps, strict=True):
            compute.set_pipeline(pipeline)
            compute.set_bind_group(0, self._bindings(layout, stage, bound))
            compute.dispatch_workgroups(*stage.workgroups)
        compute.end()
        start = 0
        for each in outputs:
            encoder.copy_buffer_to_buffer(each, 0, staging, start, each.size)
            start += each.size
        device.queue.submit([encoder.finish()])
        staging.map_sync(wgpu.MapMode.READ)
        found = bytes(staging.read_mapped())
        staging.unmap()
        return found[: package.output_bytes]

    def _step(self, stage: Stage, module: Any) -> tuple[Any, Any]:
        """Returns a stage's layout and pipeline, which stages of the same source share."""
        kinds = tuple(_KIND[self._package.buffers[at].role] for at in stage.bindings)
        key = (stage.source, stage.entry_point, kinds)
        if key not in self._pipelines:
            layout = self._device.create_bind_group_layout(
                entries=[
                    {
                        "binding": at,
                        "visibility": wgpu.ShaderStage.COMPUTE,
                        "buffer": {"type": kind},
                    }
                    for at, kind in enumerate(kinds)
                ]
            )
            pipeline = self._device.create_compute_pipeline(
                layout=self._device.create_pipeline_layout(bind_group_layouts=[layout]),
                compute={"module": module, "entry_point": stage.entry_point},
            )
            self._pipelines[key] = layout, pipeline
        return self._pipelines[key]

    def _bindings(self, layout: Any, stage: Stage, bound: Sequence[Any]) -> Any:
        return self._device.create_bind_group(
            layout=layout,
            entries=[
                {
                    "binding": at,
                    "resource": {
                        "buffer": bound[place],
                        "offset": offset,
                        "size": bound[place].size - offset,
                    },
                }
                for at, (place, offset) in enumerate(zip(stage.bindings, stage.begins, strict=True))
            ],
        )

    def _buffer(self, buffer: Buffer, usage: int) -> Any:
        return self._allocated(buffer.bound_bytes, usage)

    def _allocated(self, size: int, usage: int) -> Any:
        made = self._device.create_buffer(size=size, usage=usage)
        self._buffers.append(made)
        return made

"""Compiles one package on a device and runs it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import wgpu

from kernels.custom.errors import MemoryExceeded, ShaderError
from kernels.custom.package import Buffer, KernelPackage

_INPUT = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST
_OUTPUT = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC
_STAGING = wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
# wgpu-native reports some exhausted allocations as validation errors.
OUT_OF_MEMORY = "Not enough memory left"
MESSAGE_CHARACTERS = 600


class Program:
    """A package compiled on a device whose limits it keeps."""

    def __init__(self, device: Any, package: KernelPackage) -> None:
        """Raises ShaderError, and MemoryExceeded when no memory is left."""
        self._package = package
        self._device = device
        self._buffers: list[Any] = []
        kinds = ["read-only-storage"] * len(package.inputs) + ["storage"]
        with self._refusals():
            self._layout = device.create_bind_group_layout(
                entries=[
                    {
                        "binding": at,
                        "visibility": wgpu.ShaderStage.COMPUTE,
                        "buffer": {"type": kind},
                    }
                    for at, kind in enumerate(kinds)
                ]
            )
            self._pipeline = device.create_compute_pipeline(
                layout=device.create_pipeline_layout(bind_group_layouts=[self._layout]),
                compute={
                    "module": device.create_shader_module(code=package.source),
                    "entry_point": package.entry_point,
                },
            )

    def run(self, inputs: Sequence[bytes]) -> bytes:
        """The output's bytes.

        Raises ShaderError when the dispatch is refused and MemoryExceeded when no memory is left.
        """
        self._package.check_inputs(inputs)
        with self._refusals():
            return self._dispatch(inputs)

    def release(self) -> None:
        """Give the buffers' memory back."""
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
        # WebGPU fills a new buffer with zeros, so nothing of another run can be read.
        bound = [self._buffer(buffer, _INPUT) for buffer in package.inputs]
        for target, data in zip(bound, inputs, strict=True):
            device.queue.write_buffer(target, 0, data.ljust(target.size, b"\0"))
        output = self._buffer(package.output, _OUTPUT)
        bound.append(output)
        staging = self._buffer(package.output, _STAGING)
        bindings = device.create_bind_group(
            layout=self._layout,
            entries=[
                {"binding": at, "resource": {"buffer": buffer, "offset": 0, "size": buffer.size}}
                for at, buffer in enumerate(bound)
            ],
        )
        encoder = device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        compute.set_pipeline(self._pipeline)
        compute.set_bind_group(0, bindings)
        compute.dispatch_workgroups(*package.workgroups)
        compute.end()
        encoder.copy_buffer_to_buffer(output, 0, staging, 0, output.size)
        device.queue.submit([encoder.finish()])
        staging.map_sync(wgpu.MapMode.READ)
        found = bytes(staging.read_mapped())
        staging.unmap()
        return found[: package.output.bytes]

    def _buffer(self, buffer: Buffer, usage: int) -> Any:
        made = self._device.create_buffer(size=buffer.bound_bytes, usage=usage)
        self._buffers.append(made)
        return made

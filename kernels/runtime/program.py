"""One graph's buffers and bindings on a device."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import wgpu

from kernels.graph import Graph, InputKind, Opcode, input_spec
from kernels.runtime.commitment import MerklePipelines, Region, TensorRoots
from kernels.runtime.shader import WORKGROUP, load_shader
from kernels.trace.layout import pack

READ_CHUNK = 64 << 20
ABSENT_BYTES = 256

_STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_DST | wgpu.BufferUsage.COPY_SRC


def _whole_words(size: int) -> int:
    return -(-size // 4) * 4


class Program:
    """Everything a graph needs on the device, made once and run as often as wanted."""

    def __init__(
        self, device: Any, graph: Graph, pipelines: Mapping[Opcode, Any], max_groups: int
    ) -> None:
        self._device = device
        self._max_groups = max_groups
        self._tensor_roots: TensorRoots | None = None
        self._buffers: list[Any] = []
        self._inputs = [self._buffer(spec.stored_bytes) for spec in graph.inputs]
        self._sizes = [spec.stored_bytes for spec in graph.outputs]
        self._outputs = [self._buffer(size) for size in self._sizes]
        self._constants = {
            key: self._filled(pack(graph.constants[key])) for key in graph.constant_keys()
        }
        self._absent = self._buffer(ABSENT_BYTES)
        self._dispatches = [
            self._dispatch(graph, index, pipelines, max_groups)
            for index in range(len(graph.descriptors))
        ]
        self._chunks = _chunks([_whole_words(size) for size in self._sizes])
        staging = max(sum(_whole_words(self._sizes[at]) for at in chunk) for chunk in self._chunks)
        self._staging = device.create_buffer(
            size=staging, usage=wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
        )
        self._buffers.append(self._staging)

    def run(self, inputs: Sequence[npt.NDArray[np.uint8]]) -> list[npt.NDArray[np.uint8]]:
        """Canonical bytes of every operator's output, given those of the job inputs."""
        queue = self._device.queue
        for buffer, data in zip(self._inputs, inputs, strict=True):
            queue.write_buffer(buffer, 0, _in_words(data))
        encoder = self._device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        for pipeline, bindings, groups in self._dispatches:
            compute.set_pipeline(pipeline)
            compute.set_bind_group(0, bindings)
            compute.dispatch_workgroups(*groups)
        compute.end()
        results: list[npt.NDArray[np.uint8]] = []
        for chunk in self._chunks:
            results += self._read(encoder, chunk)
            encoder = self._device.create_command_encoder()
        return results

    def tensor_roots(self, pipelines: MerklePipelines) -> list[bytes]:
        """Commitments to the outputs of the last run, hashed where they lie."""
        if self._tensor_roots is None:
            regions = list(map(Region.whole, self._outputs, self._sizes))
            self._tensor_roots = TensorRoots(self._device, pipelines, regions, self._max_groups)
        return self._tensor_roots.compute()

    def release(self) -> None:
        """Give the device memory back."""
        if self._tensor_roots is not None:
            self._tensor_roots.release()
        for buffer in self._buffers:
            buffer.destroy()

    def _read(self, encoder: Any, chunk: range) -> list[npt.NDArray[np.uint8]]:
        offset = 0
        for at in chunk:
            size = _whole_words(self._sizes[at])
            encoder.copy_buffer_to_buffer(self._outputs[at], 0, self._staging, offset, size)
            offset += size
        self._device.queue.submit([encoder.finish()])
        self._staging.map_sync(wgpu.MapMode.READ, 0, offset)
        data = np.frombuffer(self._staging.read_mapped(0, offset, copy=True), np.uint8)
        self._staging.unmap()
        starts = np.cumsum([0] + [_whole_words(self._sizes[at]) for at in chunk])
        return [
            data[start : start + self._sizes[at]]
            for at, start in zip(chunk, starts[:-1].tolist(), strict=True)
        ]

    def _dispatch(
        self, graph: Graph, index: int, pipelines: Mapping[Opcode, Any], max_groups: int
    ) -> tuple[Any, Any, tuple[int, int]]:
        descriptor = graph.descriptors[index]
        shader, pipeline = load_shader(descriptor.opcode), pipelines[descriptor.opcode]
        code = np.frombuffer(descriptor.encode(), np.uint8)
        bound = [self._filled(code), self._outputs[index]]
        for position, operand in enumerate(descriptor.inputs):
            match operand.kind:
                case InputKind.CONSTANT:
                    key = descriptor.roots[operand.index], input_spec(descriptor, position)
                    bound.append(self._constants[key])
                case InputKind.JOB_INPUT:
                    bound.append(self._inputs[operand.index])
                case InputKind.OPERATOR_OUTPUT:
                    bound.append(self._outputs[operand.index])
        bound += [self._absent] * (shader.inputs - len(descriptor.inputs))
        bindings = self._device.create_bind_group(
            layout=pipeline.get_bind_group_layout(0),
            entries=[
                {"binding": at, "resource": {"buffer": buffer, "offset": 0, "size": buffer.size}}
                for at, buffer in enumerate(bound)
            ],
        )
        groups = -(-shader.invocations(descriptor) // WORKGROUP)
        across = min(groups, max_groups)
        return pipeline, bindings, (across, -(-groups // across))

    def _buffer(self, size: int) -> Any:
        buffer = self._device.create_buffer(size=_whole_words(size), usage=_STORAGE)
        self._buffers.append(buffer)
        return buffer

    def _filled(self, data: npt.NDArray[np.uint8]) -> Any:
        buffer = self._buffer(data.size)
        self._device.queue.write_buffer(buffer, 0, _in_words(data))
        return buffer


def _in_words(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    missing = _whole_words(data.size) - data.size
    return np.pad(data, (0, missing)) if missing else data


def _chunks(sizes: Sequence[int]) -> list[range]:
    """Consecutive outputs that come back together: few large copies, but bounded."""
    chunks: list[range] = []
    start, total = 0, 0
    for at, size in enumerate(sizes):
        if at > start and total + size > READ_CHUNK:
            chunks.append(range(start, at))
            start, total = at, 0
        total += size
    return [*chunks, range(start, len(sizes))]

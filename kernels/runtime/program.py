"""One graph's buffers and bindings on a device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import wgpu

from kernels.exact import operator_of
from kernels.graph import Graph, InputKind, input_spec
from kernels.runtime.commitment import MerklePipelines, Region, TensorRoots
from kernels.runtime.fusion import load_fused, plan
from kernels.runtime.pipelines import Pipelines, bind_group
from kernels.runtime.pool import STAGING, STORAGE, BufferPool
from kernels.runtime.shader import shader_of
from kernels.trace.layout import pack

READ_CHUNK = 64 << 20
ABSENT_BYTES = 256

Stored = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pending:
    """A submitted run, whose outputs are being copied into staging buffers."""

    staging: list[Any]
    arrivals: list[Any]


class Program:
    """Everything that a graph needs on the device; made once, it can run any number of times."""

    def __init__(
        self,
        device: Any,
        graph: Graph,
        pipelines: Pipelines,
        pool: BufferPool,
        most_buffers: int,
    ) -> None:
        """Makes buffers and bindings, and compiles what is not compiled yet.

        Operators are fused as far as `most_buffers` buffers per dispatch allow; 0 fuses none.
        """
        self._device = device
        self._graph = graph
        self._pipelines = pipelines
        self._pool = pool
        self._tensor_roots: TensorRoots | None = None
        self._buffers: list[Any] = []
        self._staging: list[list[Any]] = []
        self._inputs = [self._buffer(spec.stored_bytes) for spec in graph.inputs]
        self._sizes = [spec.stored_bytes for spec in graph.outputs]
        self._outputs = [self._buffer(size) for size in self._sizes]
        self._constants = {
            key: self._filled(pack(graph.constants[key])) for key in graph.constant_keys()
        }
        self._absent = self._buffer(ABSENT_BYTES)
        self._chunks = _chunks([_whole_words(size) for size in self._sizes])
        self._dispatches = [self._dispatch(chain) for chain in plan(graph, most_buffers)]

    def run(self, inputs: Sequence[Stored]) -> list[Stored]:
        """Runs the graph; takes the inputs' canonical bytes and returns those of every output."""
        return self.finish(self.start(inputs))

    def start(self, inputs: Sequence[Stored]) -> Pending:
        """Submits a run without waiting for it; a later run does not disturb its outputs."""
        queue = self._device.queue
        for buffer, data in zip(self._inputs, inputs, strict=True):
            queue.write_buffer(buffer, 0, _in_words(data))
        encoder = self._device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        current = None
        for pipeline, bindings, groups in self._dispatches:
            if pipeline is not current:
                compute.set_pipeline(pipeline)
                current = pipeline
            compute.set_bind_group(0, bindings)
            compute.dispatch_workgroups(*groups)
        compute.end()
        staging = self._staging.pop() if self._staging else self._new_staging()
        for chunk, buffer in zip(self._chunks, staging, strict=True):
            offset = 0
            for at in chunk:
                size = _whole_words(self._sizes[at])
                encoder.copy_buffer_to_buffer(self._outputs[at], 0, buffer, offset, size)
                offset += size
        queue.submit([encoder.finish()])
        return Pending(staging, [buffer.map_async(wgpu.MapMode.READ) for buffer in staging])

    def finish(self, pending: Pending) -> list[Stored]:
        """Waits for a run and returns the canonical bytes of its outputs."""
        results: list[Stored] = []
        for chunk, buffer, arrival in zip(
            self._chunks, pending.staging, pending.arrivals, strict=True
        ):
            arrival.sync_wait()
            starts = np.cumsum([0] + [_whole_words(self._sizes[at]) for at in chunk]).tolist()
            data = np.frombuffer(buffer.read_mapped(0, starts[-1], copy=True), np.uint8)
            buffer.unmap()
            results += [
                data[start : start + self._sizes[at]]
                for at, start in zip(chunk, starts[:-1], strict=True)
            ]
        self._staging.append(pending.staging)
        return results

    def tensor_roots(self, pipelines: MerklePipelines, max_groups: int) -> list[bytes]:
        """Returns the tensor roots of the last run's outputs, hashed on the device."""
        if self._tensor_roots is None:
            regions = list(map(Region.whole, self._outputs, self._sizes))
            self._tensor_roots = TensorRoots(self._device, pipelines, regions, max_groups)
        return self._tensor_roots.compute()

    def release(self) -> None:
        """Returns the buffers to the pool, for the next graph."""
        if self._tensor_roots is not None:
            self._tensor_roots.release()
        self._pool.give(self._buffers + [each for staging in self._staging for each in staging])

    def _new_staging(self) -> list[Any]:
        return [
            self._pool.take(sum(_whole_words(self._sizes[at]) for at in chunk), STAGING)
            for chunk in self._chunks
        ]

    def _dispatch(self, chain: tuple[int, ...]) -> tuple[Any, Any, tuple[int, int]]:
        descriptor = self._graph.descriptors[chain[0]]
        operator = operator_of(descriptor)
        bound = self._bound(chain[0])
        point = self._pipelines.point(descriptor, bound)
        if len(chain) == 1:
            pipeline = self._pipelines.get(descriptor, point)
            groups = operator.groups(descriptor, point)
        else:
            fused = load_fused(descriptor.opcode, self._graph.descriptors[chain[-1]].opcode)
            constants = {**operator.constants(descriptor), **point}
            pipeline = self._pipelines.compiled(fused.source, fused.entry_point, constants)
            groups = operator.fused_groups(descriptor, point)
            for index in chain[1:]:
                bound += self._bound_fused(index)
        return (
            pipeline,
            bind_group(self._device, pipeline, bound),
            self._pipelines.grid(groups),
        )

    def _bound(self, index: int) -> list[Any]:
        """Returns descriptor, output and operands of an operator, as its manifest orders them."""
        descriptor = self._graph.descriptors[index]
        shader = shader_of(descriptor)
        operands = [self._operand(index, at) for at in range(len(descriptor.inputs))]
        absent = [_whole(self._absent)] * (shader.inputs - len(descriptor.inputs))
        return [self._code(index), _whole(self._outputs[index]), *operands, *absent]

    def _bound_fused(self, index: int) -> list[Any]:
        """Returns the same without the operand that stays in registers."""
        code, output, _, *others = self._bound(index)
        fusion = operator_of(self._graph.descriptors[index]).fusion
        head = [code] if fusion is not None and fusion.reads_descriptor else []
        return [*head, output, *others]

    def _code(self, index: int) -> Any:
        encoded = np.frombuffer(self._graph.descriptors[index].encode(), np.uint8)
        return _whole(self._filled(encoded))

    def _operand(self, index: int, position: int) -> Any:
        descriptor = self._graph.descriptors[index]
        operand = descriptor.inputs[position]
        match operand.kind:
            case InputKind.CONSTANT:
                key = descriptor.roots[operand.index], input_spec(descriptor, position)
                return _whole(self._constants[key])
            case InputKind.JOB_INPUT:
                return _whole(self._inputs[operand.index])
            case InputKind.OPERATOR_OUTPUT:
                return _whole(self._outputs[operand.index])

    def _buffer(self, size: int) -> Any:
        buffer = self._pool.take(size, STORAGE)
        self._buffers.append(buffer)
        return buffer

    def _filled(self, data: Stored) -> Any:
        buffer = self._buffer(data.size)
        self._device.queue.write_buffer(buffer, 0, _in_words(data))
        return buffer


def _whole(buffer: Any) -> dict[str, Any]:
    return {"buffer": buffer, "offset": 0, "size": buffer.size}


def _whole_words(size: int) -> int:
    return -(-size // 4) * 4


def _in_words(data: Stored) -> Stored:
    missing = _whole_words(data.size) - data.size
    return np.pad(data, (0, missing)) if missing else data


def _chunks(sizes: Sequence[int]) -> list[range]:
    """Groups consecutive outputs that are read back together: few copies, of bounded size."""
    chunks: list[range] = []
    start, total = 0, 0
    for at, size in enumerate(sizes):
        if at > start and total + size > READ_CHUNK:
            chunks.append(range(start, at))
            start, total = at, 0
        total += size
    return [*chunks, range(start, len(sizes))]

"""Measures one exact operator alone on a device: its shader, or the naive twin beside it."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.exact import operator_of
from kernels.exact.grid import WORKGROUP
from kernels.graph import Descriptor, Graph, InputKind, input_spec, output_spec
from kernels.runtime.pipelines import Pipelines, bind_group
from kernels.runtime.pool import BufferPool
from kernels.runtime.shader import KERNELS, shader_of
from kernels.trace import Array, pack, unpack

# The name of the naive twin's entry point tells what one invocation writes.
ELEMENT, ROW = "naive_element", "naive_row"


def naive_source(descriptor: Descriptor) -> str:
    """Returns the text of the naive twin, to be appended to the operator's own text."""
    path = KERNELS / descriptor.opcode.name.lower() / "naive.wgsl"
    return path.read_text(encoding="utf-8")


class MeasuredOperator:
    """A graph of one operator: its buffers are filled once, and it can run any number of times."""

    def __init__(
        self, device: Any, pipelines: Pipelines, graph: Graph, inputs: Sequence[Array]
    ) -> None:
        self._device = device
        self._pipelines = pipelines
        self._pool = BufferPool(device)
        (self._descriptor,) = graph.descriptors
        code = np.frombuffer(self._descriptor.encode(), np.uint8)
        self._output = self._pool.take(output_spec(self._descriptor).stored_bytes)
        operands = [self._operand(graph, inputs, at) for at in range(len(self._descriptor.inputs))]
        absent = shader_of(self._descriptor).inputs - len(operands)
        bound = [self._filled(code), self._output, *operands, *[self._pool.take(1)] * absent]
        self._bound = [{"buffer": each, "offset": 0, "size": each.size} for each in bound]
        self._taken = list({id(each): each for each in bound}.values())
        self._point = pipelines.point(self._descriptor, self._bound)

    def seconds(self, *, naive: bool = False) -> float:
        """Returns the seconds of one run, from submission until the device is done."""
        pipeline, groups = self._naive() if naive else self._tuned()
        bindings = bind_group(self._device, pipeline, self._bound)
        started = perf_counter()
        encoder = self._device.create_command_encoder()
        compute = encoder.begin_compute_pass()
        compute.set_pipeline(pipeline)
        compute.set_bind_group(0, bindings)
        compute.dispatch_workgroups(*self._pipelines.grid(groups))
        compute.end()
        self._device.queue.submit([encoder.finish()])
        self._device.queue.read_buffer(self._output, 0, 4)
        return perf_counter() - started

    def read(self) -> Array:
        """Returns the output of the last run, in its shape and dtype."""
        spec = output_spec(self._descriptor)
        stored = np.frombuffer(self._device.queue.read_buffer(self._output), np.uint8)
        return unpack(stored[: spec.stored_bytes], spec.shape, spec.dtype)

    def release(self) -> None:
        """Frees the device memory."""
        self._pool.give(self._taken)
        self._pool.clear()

    def _tuned(self) -> tuple[Any, int]:
        pipeline = self._pipelines.get(self._descriptor, self._point)
        return pipeline, operator_of(self._descriptor).groups(self._descriptor, self._point)

    def _naive(self) -> tuple[Any, int]:
        naive = naive_source(self._descriptor)
        source = f"{shader_of(self._descriptor).source}\n{naive}"
        entry_point = ELEMENT if f"fn {ELEMENT}(" in naive else ROW
        constants = {**operator_of(self._descriptor).constants(self._descriptor), **self._point}
        pipeline = self._pipelines.compiled(source, entry_point, constants)
        spec = output_spec(self._descriptor)
        columns = spec.shape[3] if entry_point == ELEMENT else 1
        return pipeline, -(-spec.rows * columns // WORKGROUP)

    def _operand(self, graph: Graph, inputs: Sequence[Array], position: int) -> Any:
        operand = self._descriptor.inputs[position]
        spec = input_spec(self._descriptor, position)
        if operand.kind is InputKind.JOB_INPUT:
            return self._filled(pack(inputs[operand.index].reshape(spec.shape)))
        return self._filled(pack(graph.constants[self._descriptor.roots[operand.index], spec]))

    def _filled(self, data: npt.NDArray[np.uint8]) -> Any:
        buffer = self._pool.take(data.size)
        words = np.pad(data, (0, -data.size % 4))
        self._device.queue.write_buffer(buffer, 0, words)
        return buffer

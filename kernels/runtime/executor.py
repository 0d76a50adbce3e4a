"""Runs a whole graph on one adapter and reads every intermediate back."""

from collections import OrderedDict
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from kernels.graph import Graph, Opcode
from kernels.graph.memory import memory_plan
from kernels.runtime.adapter import Adapter, DeviceLimit, losses, select_adapter
from kernels.runtime.commitment import MerklePipelines
from kernels.runtime.program import Program
from kernels.runtime.shader import WORKGROUP, load_shader
from kernels.runtime.upload import Upload
from kernels.trace import CommittedOutputs
from kernels.trace.layout import Array, pack, unpack

KEPT_PROGRAMS = 4


class GpuExecutor:
    """Compiled pipelines are kept for good, the buffers of the last few graphs for reuse.

    Not safe to share between threads.
    """

    def __init__(self, adapter: Adapter | str | None = None) -> None:
        """Open an adapter: given, or chosen as `select_adapter` does.

        Raises AdapterUnavailable.
        """
        self.adapter = adapter if isinstance(adapter, Adapter) else select_adapter(adapter)
        self._device = self.adapter.request_device()
        self._pipelines: dict[Opcode, Any] = {}
        self._merkle: MerklePipelines | None = None
        self._upload: Upload | None = None
        self._programs: OrderedDict[bytes, Program] = OrderedDict()

    @property
    def name(self) -> str:
        """The adapter's name."""
        return self.adapter.name

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Every operator's output in order, in its shape and dtype.

        Raises GraphError when the inputs do not fit, DeviceLimit before anything is compiled when
        the graph is too large for the adapter, DeviceLost when the device fails.
        """
        graph.check_inputs(inputs)
        self.check_limits(graph)
        with losses(self.name):
            stored = self._program(graph).run([pack(array) for array in inputs])
        return [
            unpack(data, spec.shape, spec.dtype)
            for data, spec in zip(stored, graph.outputs, strict=True)
        ]

    def execute_committed(self, graph: Graph, inputs: Sequence[Array]) -> CommittedOutputs:
        """What `execute` gives, with the tensor root of every output, hashed on the device.

        Takes 48 bytes of device memory more for every 256 of the largest output. Raises what
        `execute` raises.
        """
        outputs = self.execute(graph, inputs)
        with losses(self.name):
            pipelines = self._merkle_pipelines()
            started = perf_counter()
            roots = self._program(graph).tensor_roots(pipelines)
        return CommittedOutputs(outputs, roots, perf_counter() - started)

    def tensor_roots(self, tensors: Sequence[bytes]) -> list[bytes]:
        """Commitments to tensors given as their canonical bytes, of any size.

        Raises DeviceLost when the device fails.
        """
        with losses(self.name):
            if self._upload is None:
                across = self.adapter.limits["max-compute-workgroups-per-dimension"]
                self._upload = Upload(self._device, self._merkle_pipelines(), across)
            return self._upload.roots(tensors)

    def check_limits(self, graph: Graph) -> None:
        """Raise DeviceLimit unless every buffer and dispatch fits the adapter."""
        limits, plan = self.adapter.limits, memory_plan(graph)
        room = min(limits["max-storage-buffer-binding-size"], limits["max-buffer-size"])
        if plan.largest > room:
            raise DeviceLimit(f"a tensor of {plan.largest} bytes exceeds {self.name}'s {room}")
        across = limits["max-compute-workgroups-per-dimension"]
        for index, descriptor in enumerate(graph.descriptors):
            shader = load_shader(descriptor.opcode)
            groups = -(-shader.invocations(descriptor) // WORKGROUP)
            if groups > across * across:
                raise DeviceLimit(f"operator {index} takes {groups} workgroups, above {across}²")

    def _program(self, graph: Graph) -> Program:
        key = graph.spec_root
        program = self._programs.pop(key, None)
        if program is None:
            for descriptor in graph.descriptors:
                if descriptor.opcode not in self._pipelines:
                    self._pipelines[descriptor.opcode] = self._compile(descriptor.opcode)
            across = self.adapter.limits["max-compute-workgroups-per-dimension"]
            program = Program(self._device, graph, self._pipelines, across)
        self._programs[key] = program
        if len(self._programs) > KEPT_PROGRAMS:
            self._programs.popitem(last=False)[1].release()
        return program

    def _merkle_pipelines(self) -> MerklePipelines:
        if self._merkle is None:
            self._merkle = MerklePipelines(self._device)
        return self._merkle

    def _compile(self, opcode: Opcode) -> Any:
        shader = load_shader(opcode)
        module = self._device.create_shader_module(code=shader.source)
        return self._device.create_compute_pipeline(
            layout="auto", compute={"module": module, "entry_point": shader.entry_point}
        )

"""Runs a whole graph on one adapter and reads every intermediate back."""

from collections import OrderedDict, deque
from collections.abc import Generator, Iterable, Sequence
from time import perf_counter

from kernels.exact import operator_of
from kernels.graph import Graph
from kernels.graph.memory import MemoryPlan, memory_plan
from kernels.runtime.adapter import Adapter, DeviceLimit, DeviceLost, losses
from kernels.runtime.commitment import MerklePipelines
from kernels.runtime.fusion import plan
from kernels.runtime.pipelines import Pipelines
from kernels.runtime.pool import BufferPool
from kernels.runtime.program import Pending, Program, Stored
from kernels.runtime.selection import select_adapter
from kernels.runtime.shader import shader_of
from kernels.runtime.upload import Upload
from kernels.trace import CommittedOutputs
from kernels.trace.layout import Array, pack, unpack
from kernels.tuning import Tuner

KEPT_PROGRAMS = 4
# While one run computes, the next is uploaded or the previous one is read back.
IN_FLIGHT = 2


class GpuExecutor:
    """Runs graphs on one adapter.

    Compiled pipelines are kept for the executor's lifetime, and the buffers of the last few graphs
    for reuse. An executor must not be shared between threads.
    """

    def __init__(
        self,
        adapter: Adapter | str | None = None,
        *,
        memory_bytes: int | None = None,
        tuner: Tuner | None = None,
        fuse: bool = True,
    ) -> None:
        """Opens the given adapter, or the one that `select_adapter` chooses.

        Graphs may use `memory_bytes` of device memory, by default the size of the largest buffer
        that the adapter allows. `fuse=False` gives each operator a dispatch of its own. Raises
        AdapterUnavailable.
        """
        self.adapter = adapter if isinstance(adapter, Adapter) else select_adapter(adapter)
        limits = self.adapter.limits
        self.memory_bytes = limits["max-buffer-size"] if memory_bytes is None else memory_bytes
        self._device = self.adapter.request_device()
        self._max_groups = limits["max-compute-workgroups-per-dimension"]
        self._pipelines = Pipelines(
            self._device, self._max_groups, Tuner(self.adapter) if tuner is None else tuner
        )
        self._most_buffers = limits["max-storage-buffers-per-shader-stage"] if fuse else 0
        self._pool = BufferPool(self._device)
        self._merkle: MerklePipelines | None = None
        self._upload: Upload | None = None
        self._programs: OrderedDict[bytes, tuple[Program, int]] = OrderedDict()

    @property
    def name(self) -> str:
        """The adapter's name."""
        return self.adapter.name

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Returns every operator's output in order, in its shape and dtype.

        Raises GraphError when the inputs do not fit, DeviceLimit before anything is compiled when
        the graph is too large for the adapter, and DeviceLost when the device fails.
        """
        graph.check_inputs(inputs)
        memory = self.check_limits(graph)
        with losses(self.name):
            program = self._program(graph, memory.peak)
            stored = program.run([pack(array) for array in inputs])
        return _outputs(graph, stored)

    def execute_many(
        self, graph: Graph, batches: Iterable[Sequence[Array]]
    ) -> Generator[list[Array], None, None]:
        """Yields what `execute` returns for each batch, in order.

        Batches are taken as they are needed: one is uploaded while the previous one computes and
        the one before that is read back. Raises what `execute` raises; a bad batch's error comes
        when that batch is reached.
        """
        memory = self.check_limits(graph, IN_FLIGHT)
        pending: deque[Pending] = deque()
        with losses(self.name):
            program = self._program(graph, memory.peak_of(IN_FLIGHT))
        try:
            for inputs in batches:
                graph.check_inputs(inputs)
                with losses(self.name):
                    # The caller may have run other graphs since the last batch.
                    program = self._program(graph, memory.peak_of(IN_FLIGHT))
                    pending.append(program.start([pack(array) for array in inputs]))
                if len(pending) == IN_FLIGHT:
                    yield _outputs(graph, self._finish(program, pending))
            while pending:
                yield _outputs(graph, self._finish(program, pending))
        except DeviceLost:
            # Nothing that is in flight will arrive.
            pending.clear()
            raise
        finally:
            # A caller that stops early leaves runs in flight into buffers that are needed again.
            while pending:
                self._finish(program, pending)

    def execute_committed(self, graph: Graph, inputs: Sequence[Array]) -> CommittedOutputs:
        """Returns what `execute` returns and the root of every output, hashed on the device.

        Hashing takes another 48 bytes of device memory per 256 bytes of the largest output. Raises
        what `execute` raises.
        """
        outputs = self.execute(graph, inputs)
        with losses(self.name):
            pipelines = self._merkle_pipelines()
            started = perf_counter()
            program = self._program(graph, memory_plan(graph).peak)
            roots = program.tensor_roots(pipelines, self._max_groups)
        return CommittedOutputs(outputs, roots, perf_counter() - started)

    def dispatches(self, graph: Graph) -> int:
        """Returns the number of dispatches in which the graph's operators run."""
        return len(plan(graph, self._most_buffers))

    def tensor_roots(self, tensors: Sequence[bytes]) -> list[bytes]:
        """Returns the roots of tensors of any size, given their canonical bytes.

        Raises DeviceLost when the device fails.
        """
        with losses(self.name):
            if self._upload is None:
                self._upload = Upload(self._device, self._merkle_pipelines(), self._max_groups)
            return self._upload.roots(tensors)

    def check_limits(self, graph: Graph, in_flight: int = 1) -> MemoryPlan:
        """Returns the memory that a graph takes with that many runs in flight.

        Raises DeviceLimit unless it, every buffer and every dispatch fit the adapter.
        """
        limits, memory = self.adapter.limits, memory_plan(graph)
        room = min(limits["max-storage-buffer-binding-size"], limits["max-buffer-size"])
        if memory.largest > room:
            raise DeviceLimit(f"a tensor of {memory.largest} bytes exceeds {self.name}'s {room}")
        if memory.peak_of(in_flight) > self.memory_bytes:
            raise DeviceLimit(
                f"the graph takes {memory.peak_of(in_flight)} bytes of device memory, "
                f"above the {self.memory_bytes} that {self.name} may use"
            )
        for index, descriptor in enumerate(graph.descriptors):
            default = shader_of(descriptor).space.default
            groups = operator_of(descriptor).groups(descriptor, default)
            if groups > self._max_groups**2:
                raise DeviceLimit(
                    f"operator {index} takes {groups} workgroups, above {self._max_groups}²"
                )
        return memory

    def _finish(self, program: Program, pending: "deque[Pending]") -> list[Stored]:
        with losses(self.name):
            return program.finish(pending.popleft())

    def _program(self, graph: Graph, peak: int) -> Program:
        """Returns the compiled program for `graph`, evicting older programs until it fits."""
        key = graph.spec_root
        program, known = self._programs.pop(key, (None, 0))
        room = self.memory_bytes - max(peak, known)
        while self._programs and (
            len(self._programs) == KEPT_PROGRAMS
            or sum(taken for _, taken in self._programs.values()) > room
        ):
            self._programs.popitem(last=False)[1][0].release()
        if self._pool.bytes + peak > self.memory_bytes:
            self._pool.clear()
        if program is None:
            program = Program(self._device, graph, self._pipelines, self._pool, self._most_buffers)
        self._programs[key] = program, max(peak, known)
        return program

    def _merkle_pipelines(self) -> MerklePipelines:
        if self._merkle is None:
            self._merkle = MerklePipelines(self._device)
        return self._merkle


def _outputs(graph: Graph, stored: Sequence[Stored]) -> list[Array]:
    return [
        unpack(data, spec.shape, spec.dtype)
        for data, spec in zip(stored, graph.outputs, strict=True)
    ]

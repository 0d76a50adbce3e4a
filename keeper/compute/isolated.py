"""A GPU executor in its own process.

wgpu-native aborts the process when a submission finds the device lost, and a driver may crash. Here
only a process without state ends, which the node treats as any other lost device.
"""

import signal
from collections import OrderedDict
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from kernels.graph import Graph
from kernels.runtime import (
    AdapterUnavailable,
    DeviceLimit,
    DeviceLost,
    GpuExecutor,
    select_adapter,
)
from kernels.trace import CommittedOutputs
from kernels.trace.layout import Array

KEPT_GRAPHS = 16
CLOSING_SECONDS = 10.0


class IsolatedGpu:
    """Forwards the calls of `GpuExecutor` that a node needs to the other process."""

    def __init__(self, adapter: str | None = None, memory_bytes: int | None = None) -> None:
        """Open the adapter that `select_adapter` chooses.

        Raises AdapterUnavailable or DeviceLost.
        """
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, adapter, memory_bytes), name="gpu", daemon=True
        )
        self._process.start()
        theirs.close()
        self._graphs: OrderedDict[bytes, None] = OrderedDict()
        self.name = "the adapter"
        self.name = self._answer()

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Returns every operator's output. Raises GraphError, DeviceLimit or DeviceLost."""
        graph.check_inputs(inputs)
        outputs: list[Array] = self._asked("execute", self._kept(graph), list(inputs))
        return outputs

    def execute_committed(self, graph: Graph, inputs: Sequence[Array]) -> CommittedOutputs:
        """Returns the outputs with their tensor roots. Raises what `execute` raises."""
        graph.check_inputs(inputs)
        found: CommittedOutputs = self._asked("execute_committed", self._kept(graph), list(inputs))
        return found

    def tensor_roots(self, tensors: Sequence[bytes]) -> list[bytes]:
        """Returns the roots of tensors given as canonical bytes. Raises DeviceLost."""
        roots: list[bytes] = self._asked("tensor_roots", list(tensors))
        return roots

    def check_limits(self, graph: Graph) -> None:
        """Raise DeviceLimit unless the graph fits the adapter. Raises DeviceLost."""
        self._asked("check_limits", self._kept(graph))

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(CLOSING_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _kept(self, graph: Graph) -> bytes:
        """Returns the graph's key in the other process, which caches the last few graphs."""
        key = graph.spec_root
        if key not in self._graphs:
            if len(self._graphs) == KEPT_GRAPHS:
                self._asked("drop", self._graphs.popitem(last=False)[0])
            self._asked("keep", key, graph)
        self._graphs[key] = None
        self._graphs.move_to_end(key)
        return key

    def _asked(self, method: str, *arguments: Any) -> Any:
        try:
            self._connection.send((method, arguments))
        except OSError:
            raise self._lost() from None
        return self._answer()

    def _answer(self) -> Any:
        try:
            answer = self._connection.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if isinstance(answer, DeviceLost):
            # A lost device cannot serve later calls.
            self.close()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _lost(self) -> DeviceLost:
        self.close()
        return DeviceLost(f"{self.name}: its process ended with {self._process.exitcode}")


def serve(connection: Connection, adapter: str | None, memory_bytes: int | None) -> None:
    """Open an adapter, send its name, and answer calls until the connection closes."""
    # Ctrl-C reaches the whole group; the node decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        executor = GpuExecutor(select_adapter(adapter), memory_bytes=memory_bytes)
    except AdapterUnavailable as error:
        connection.send(error)
        return
    connection.send(executor.name)
    graphs: dict[bytes, Graph] = {}
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            connection.send(_called(executor, graphs, method, arguments))
        except (DeviceLimit, DeviceLost) as error:
            connection.send(error)


def _called(
    executor: GpuExecutor, graphs: dict[bytes, Graph], method: str, arguments: tuple[Any, ...]
) -> Any:
    match method:
        case "keep":
            key, graph = arguments
            graphs[key] = graph
        case "drop":
            del graphs[arguments[0]]
        case "execute":
            return executor.execute(graphs[arguments[0]], arguments[1])
        case "execute_committed":
            return executor.execute_committed(graphs[arguments[0]], arguments[1])
        case "check_limits":
            executor.check_limits(graphs[arguments[0]])
        case "tensor_roots":
            return executor.tensor_roots(arguments[0])
    return None

"""Selects the executor: a GPU adapter, or NumPy if there is none and NumPy is allowed."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from keeper.compute.isolated import IsolatedGpu
from keeper.configuration import Preference
from keeper.errors import BadInputError, KeeperError
from keeper.telemetry import METRICS
from kernels.graph import Graph
from kernels.graph.reference import Executor, NumpyExecutor
from kernels.runtime import (
    AdapterUnavailable,
    DeviceLimit,
    DeviceLost,
    GpuExecutor,
    select_adapter,
)
from kernels.trace import CommittedOutputs
from kernels.trace.layout import Array

LOG = logging.getLogger(__name__)

Result = TypeVar("Result")


class AdapterMissingError(BadInputError):
    """A GPU adapter is required and none can run the kernels."""


class CapacityError(KeeperError):
    """A graph does not fit the adapter."""


Gpu = GpuExecutor | IsolatedGpu


class RenewingExecutor:
    """Reopens its GPU when the device is lost, and repeats the call once."""

    def __init__(self, open_device: Callable[[], Gpu]) -> None:
        self._open_device = open_device
        self._device = open_device()

    @property
    def name(self) -> str:
        """The adapter's name."""
        return self._device.name

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Returns every operator's output, in order.

        Raises DeviceLost when the reopened device is lost too, or cannot be opened.
        """
        return self._renewed(lambda device: device.execute(graph, inputs))

    def execute_committed(self, graph: Graph, inputs: Sequence[Array]) -> CommittedOutputs:
        """Returns the outputs with their tensor roots, hashed on the device. Raises DeviceLost."""
        return self._renewed(lambda device: device.execute_committed(graph, inputs))

    def tensor_roots(self, tensors: Sequence[bytes]) -> list[bytes]:
        """Returns the roots of tensors given as canonical bytes. Raises DeviceLost."""
        return self._renewed(lambda device: device.tensor_roots(tensors))

    def check_limits(self, graph: Graph) -> None:
        """Raise CapacityError unless every buffer and dispatch fits the adapter."""
        try:
            self._renewed(lambda device: device.check_limits(graph))
        except DeviceLimit as error:
            raise CapacityError(str(error)) from error

    def _renewed(self, call: Callable[[Gpu], Result]) -> Result:
        try:
            return call(self._device)
        except DeviceLost as error:
            LOG.warning("%s; opening it again", error)
            METRICS.count("device_losses_total", adapter=self.name)
            try:
                self._device = self._open_device()
            except AdapterUnavailable as missing:
                raise DeviceLost(f"{self.name} has not come back: {missing}") from error
            return call(self._device)


@dataclass(frozen=True, slots=True)
class SelectedExecutor:
    """An executor, its display name, and a notice to show to the operator, if any."""

    executor: Executor
    name: str
    on_gpu: bool
    notice: str | None = None


def select_executor(
    preference: Preference,
    adapter: str | None = None,
    memory_bytes: int | None = None,
    *,
    isolated: bool = False,
) -> SelectedExecutor:
    """Returns the executor for a preference; `adapter` is part of the wanted adapter's name.

    No graph may take more than `memory_bytes` of the adapter's memory. `isolated` runs the GPU in
    its own process, at the cost of copying inputs and outputs.

    Raises AdapterMissingError under Preference.GPU, or when no adapter has the name.
    """
    if preference is Preference.NUMPY:
        return SelectedExecutor(NumpyExecutor(), NumpyExecutor.name, on_gpu=False)
    try:
        executor = RenewingExecutor(
            (lambda: IsolatedGpu(adapter, memory_bytes))
            if isolated
            else (lambda: GpuExecutor(select_adapter(adapter), memory_bytes=memory_bytes))
        )
    except (AdapterUnavailable, DeviceLost) as error:
        if preference is Preference.GPU or adapter is not None:
            raise AdapterMissingError(str(error)) from error
        notice = f"NO GPU ADAPTER ({error}): going on with the NumPy executor"
        return SelectedExecutor(NumpyExecutor(), NumpyExecutor.name, on_gpu=False, notice=notice)
    return SelectedExecutor(executor, executor.name, on_gpu=True)

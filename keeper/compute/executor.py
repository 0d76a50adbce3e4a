"""Chooses what executes: a GPU adapter, or NumPy where that is allowed and there is none."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from keeper.compute.isolated import IsolatedGpu
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
    """Opens its GPU again when the device is lost, and runs what was lost once more."""

    def __init__(self, open_device: Callable[[], Gpu]) -> None:
        self._open_device = open_device
        self._device = open_device()

    @property
    def name(self) -> str:
        """The adapter's name."""
        return self._device.name

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Every operator's output; DeviceLost when the new device is lost too, or there is none."""
        return self._renewed(lambda device: device.execute(graph, inputs))

    def execute_committed(self, graph: Graph, inputs: Sequence[Array]) -> CommittedOutputs:
        """The same with every output's tensor root, hashed on the device."""
        return self._renewed(lambda device: device.execute_committed(graph, inputs))

    def tensor_roots(self, tensors: Sequence[bytes]) -> list[bytes]:
        """Commitments to canonical bytes, hashed on the device; DeviceLost as above."""
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


class Preference(StrEnum):
    """gpu: an adapter or nothing; auto: NumPy when there is no adapter; numpy: never a GPU."""

    GPU = "gpu"
    AUTO = "auto"
    NUMPY = "numpy"


@dataclass(frozen=True, slots=True)
class SelectedExecutor:
    """An executor, its name for people, and what they have to know about the choice."""

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
    """The executor for a preference; adapter is part of the wanted adapter's name.

    No graph may take more than memory_bytes of the adapter's memory. isolated keeps the GPU in a
    process of its own, which costs a copy of what goes in and out.

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

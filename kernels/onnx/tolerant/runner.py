"""Runs plans on an adapter."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import onnx
import wgpu

from kernels.onnx.tolerant.element import Array
from kernels.onnx.tolerant.errors import BadInput
from kernels.onnx.tolerant.execution import Execution
from kernels.onnx.tolerant.lowering import lower
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.ports import ports_of, reserved
from kernels.onnx.tolerant.value import Shape, Value
from kernels.runtime import Adapter, DeviceLost, select_adapter


@dataclass(frozen=True, slots=True)
class Run:
    """Outputs by name, and the number of dispatches that computed them."""

    outputs: Mapping[str, Array]
    dispatches: int


class TolerantRunner:
    """Runs ONNX models and keeps one pipeline per source.

    Not safe to share between threads.
    """

    def __init__(self, adapter: Adapter | str | None = None, *, fusing: bool = True) -> None:
        """Opens the given or the selected adapter; raises AdapterUnavailable.

        Without `fusing`, each operation has a kernel of its own.
        """
        self._fusing = fusing
        self.adapter = adapter if isinstance(adapter, Adapter) else select_adapter(adapter)
        self._device = self.adapter.request_device()
        self._pipelines: dict[str, Any] = {}

    def plan(
        self, model: onnx.ModelProto, inputs: Mapping[str, Array]
    ) -> tuple[Plan, list[tuple[str, Value]]]:
        """Returns the plan of a run and its outputs; raises UnsupportedOperator and BadInput."""
        plan = self._empty_plan()
        outputs = lower(model, inputs, plan)
        plan.close(value.buffer for _, value in outputs if value.buffer is not None)
        return plan, outputs

    def run(self, model: onnx.ModelProto, inputs: Mapping[str, Array]) -> Run:
        """Runs a checked model once.

        Raises UnsupportedOperator and BadInput before anything runs, BeyondFloat32 after it, and
        DeviceLost when the device fails.
        """
        plan, outputs = self.plan(model, inputs)
        with _device_errors(self.adapter):
            execution = Execution(self._device, self._pipeline, plan, outputs)
            try:
                found = execution.run({})
            finally:
                execution.release()
        return Run(found, len(plan.stages))

    def prepare(self, model: onnx.ModelProto, shapes: Mapping[str, Shape]) -> "Prepared":
        """Returns a checked model for many runs, with its weights on the device.

        `shapes` sizes inputs with open axes, or axes by name. Raises BadInput,
        UnsupportedOperator also for a model in which an input's values determine a shape, and
        DeviceLost.
        """
        plan = self._empty_plan()
        inputs = reserved(model, shapes, plan)
        outputs = lower(model, dict(inputs), plan)
        plan.close(value.buffer for _, value in outputs if value.buffer is not None)
        with _device_errors(self.adapter):
            execution = Execution(self._device, self._pipeline, plan, outputs)
        return Prepared(self.adapter, execution, inputs)

    def _empty_plan(self) -> Plan:
        limits = self.adapter.limits
        room = min(limits["max-storage-buffer-binding-size"], limits["max-buffer-size"])
        return Plan(room, fusing=self._fusing)

    def _pipeline(self, source: str) -> Any:
        if source not in self._pipelines:
            module = self._device.create_shader_module(code=source)
            self._pipelines[source] = self._device.create_compute_pipeline(
                layout="auto", compute={"module": module, "entry_point": "main"}
            )
        return self._pipelines[source]


class Prepared:
    """A model whose plan, weights and buffers stay on the device from run to run."""

    def __init__(self, adapter: Adapter, execution: Execution, inputs: Mapping[str, Value]) -> None:
        self._adapter = adapter
        self._execution = execution
        self._inputs = inputs
        self.inputs = ports_of(inputs)

    def run(self, inputs: Mapping[str, Array]) -> Run:
        """Runs the model; raises BadInput for inputs that do not fit, and DeviceLost."""
        if unfit := inputs.keys() ^ self._inputs.keys():
            raise BadInput(f"missing or unknown inputs: {', '.join(map(repr, sorted(unfit)))}")
        given = {}
        for port in self.inputs:
            buffer = self._inputs[port.name].buffer
            assert buffer is not None
            given[buffer] = port.lanes(inputs[port.name])
        with _device_errors(self._adapter):
            return Run(self._execution.run(given), self._execution.dispatches)

    def release(self) -> None:
        """Frees the device's memory."""
        self._execution.release()


@contextmanager
def _device_errors(adapter: Adapter) -> Iterator[None]:
    try:
        yield
    except (wgpu.GPUError, RuntimeError) as error:
        raise DeviceLost(f"{adapter.name}: {error}") from error

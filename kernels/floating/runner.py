"""Runs float kernels on an adapter.

Pipelines are kept for good, buffers only for the last few calls.
"""

from collections import OrderedDict
from collections.abc import Mapping
from math import inf
from typing import Any

import wgpu

from kernels.floating.definition import Array, Call, Kernel, Tuning, naive_stages
from kernels.floating.prepared import Compiled, Prepared, stored_bytes
from kernels.floating.subgroup import subgroup_size
from kernels.runtime import Adapter, DeviceLimit, select_adapter
from kernels.runtime.adapter import losses
from kernels.tuning import Space, Tuner

KEPT_CALLS = 4
OPTIONAL_FEATURES = ("shader-f16", "subgroup")


class FeatureUnavailable(RuntimeError):  # noqa: N818
    """The adapter lacks a feature that the kernel needs."""


class FloatRunner:
    """Runs float kernels on one device. Not safe to share between threads."""

    def __init__(self, adapter: Adapter | str | None = None) -> None:
        """Opens the given adapter, or the one that `select_adapter` finds by this name.

        Raises AdapterUnavailable.
        """
        self.adapter = adapter if isinstance(adapter, Adapter) else select_adapter(adapter)
        self.features = frozenset(OPTIONAL_FEATURES) & self.adapter.features
        self.device = self.adapter.request_device(self.features)
        self.subgroup_size = (
            subgroup_size(self.adapter, self.device) if "subgroup" in self.features else 0
        )
        self._compilations: dict[Any, Compiled] = {}
        self._calls: OrderedDict[Any, Prepared] = OrderedDict()

    def supports(self, kernel: Kernel) -> bool:
        """Returns whether the adapter has every feature of the kernel."""
        return self.features.issuperset(kernel.features)

    def run(
        self, kernel: Kernel, call: Call, tuning: Tuning | None = None, *, naive: bool = False
    ) -> list[Array]:
        """Returns states and outputs in binding order.

        Raises CallError, FeatureUnavailable or DeviceLimit before anything is compiled, and
        DeviceLost when the device fails.
        """
        prepared = self.prepare(kernel, call, tuning, naive=naive)
        with losses(self.adapter.name):
            prepared.write(call.inputs)
            prepared.submit()
            return prepared.read()

    def prepare(
        self, kernel: Kernel, call: Call, tuning: Tuning | None = None, *, naive: bool = False
    ) -> Prepared:
        """Returns the buffers and dispatches of a call, without its data; equal calls share them.

        Raises what `run` raises.
        """
        if missing := [name for name in kernel.features if name not in self.features]:
            raise FeatureUnavailable(
                f"{kernel.name} needs {missing[0]}, which {self.adapter.name} lacks"
            )
        dimensions, settings = kernel.resolve(call)
        values = dict(Space.parse(kernel.tuning).default if tuning is None else tuning)
        key = (kernel.name, kernel.sha256, naive, *map(_frozen, (values, dimensions, settings)))
        prepared = self._calls.pop(key, None)
        if prepared is None:
            whole = kernel.with_tuning(dimensions, values)
            self._check_limits(kernel, whole, values)
            stages = naive_stages(kernel, whole) if naive else kernel.twin.stages(whole, values)
            prepared = Prepared(
                self.device,
                kernel,
                self._compiled(kernel, kernel.fixed(whole, values), naive),
                dimensions=whole,
                settings=settings,
                stages=stages,
            )
        self._calls[key] = prepared
        if len(self._calls) > KEPT_CALLS:
            self._calls.popitem(last=False)[1].release()
        return prepared

    def tune(self, kernel: Kernel, call: Call, tuner: Tuner) -> Tuning:
        """Returns the fastest constants of the kernel's space for calls of these dimensions."""
        dimensions, _ = kernel.resolve(call)
        shape = "x".join(str(1 << (size - 1).bit_length()) for size in dimensions.values())
        space = Space.parse(kernel.tuning)
        return tuner.best(
            kernel.text({}, self.subgroup_size),
            shape,
            space,
            lambda point: self._measured(kernel, call, point),
        )

    def release(self) -> None:
        """Frees the buffers of all calls."""
        while self._calls:
            self._calls.popitem()[1].release()

    def _measured(self, kernel: Kernel, call: Call, point: Tuning) -> float:
        try:
            prepared = self.prepare(kernel, call, point)
        except (wgpu.GPUError, DeviceLimit):
            return inf
        prepared.write(call.inputs)
        return min(prepared.seconds() for _ in range(3))

    def _check_limits(self, kernel: Kernel, dimensions: Mapping[str, int], tuning: Tuning) -> None:
        limits = self.adapter.limits
        room = min(limits["max-storage-buffer-binding-size"], limits["max-buffer-size"])
        for binding in kernel.bindings:
            size = stored_bytes(binding, dimensions)
            if size > room:
                raise DeviceLimit(
                    f"{kernel.name}: {binding.name} of {size} bytes exceeds "
                    f"{self.adapter.name}'s {room}"
                )

        needed = kernel.workgroup_bytes(dimensions, tuning)
        if needed > limits["max-compute-workgroup-storage-size"]:
            raise DeviceLimit(
                f"{kernel.name} needs {needed} bytes of workgroup memory, "
                f"{self.adapter.name} has {limits['max-compute-workgroup-storage-size']}"
            )

    def _compiled(self, kernel: Kernel, fixed: Mapping[str, int], naive: bool) -> Compiled:
        values = {} if naive else fixed
        key = (kernel.name, kernel.sha256, naive, _frozen(values))
        if key not in self._compilations:
            source = kernel.naive_text if naive else kernel.text(values, self.subgroup_size)
            self._compilations[key] = Compiled(self.device, source, kernel.bindings)
        return self._compilations[key]


def _frozen(values: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(values.items()))
